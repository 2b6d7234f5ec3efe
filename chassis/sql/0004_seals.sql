-- The tree over the log's leaves and its signed checkpoints (auditors.md 3), in the service's own schema: what is
-- sealed is saved, restored and rolled back with the log that it speaks of. The sealer alone writes here, the
-- service reads.

-- The leaves in the order of the tree. Positions have holes (transactions that were rolled back); indexes have none.
CREATE TABLE IF NOT EXISTS leaves (
    index bigint PRIMARY KEY, position bigint NOT NULL UNIQUE, leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32)
);

-- Whole tiles alone, 256 hashes wide: what is not full yet are leaves, or roots of the tiles below.
CREATE TABLE IF NOT EXISTS tiles (
    level int, number bigint, hashes bytea NOT NULL CHECK (length(hashes) = 8192), root bytea NOT NULL,
    PRIMARY KEY (level, number)
);

-- `position` is that of the last leaf.
CREATE TABLE IF NOT EXISTS checkpoints (
    size bigint PRIMARY KEY, position bigint NOT NULL, root bytea NOT NULL, note text NOT NULL,
    created_at timestamptz NOT NULL
);

-- The sealer's function and not the log's: a trigger says whose change it refuses.
CREATE OR REPLACE FUNCTION refuse_unsealing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is sealed is append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'MD009';
END $$;
CREATE OR REPLACE TRIGGER leaves_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON leaves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unsealing();
CREATE OR REPLACE TRIGGER tiles_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tiles
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unsealing();
CREATE OR REPLACE TRIGGER checkpoints_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unsealing();
