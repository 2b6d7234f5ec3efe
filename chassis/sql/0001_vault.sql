-- Keys of subjects, each wrapped by the master key, apart from every log (architecture.md 5).

CREATE TABLE IF NOT EXISTS keys (
    subject uuid, version int, wrapped bytea, made_at timestamptz NOT NULL, destroyed_at timestamptz,
    PRIMARY KEY (subject, version),
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)) -- a destroyed key's row stays: it is never made again
);
