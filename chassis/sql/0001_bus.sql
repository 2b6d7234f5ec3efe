-- The embedded bus: topics with partitions and offsets, in a schema of its own.

CREATE TABLE IF NOT EXISTS topics (
    name text PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), partitions int NOT NULL,
    compacted boolean NOT NULL, retention_days int NOT NULL
);

-- The next offset of each partition; its lock, held to commit, makes offsets appear in order.
CREATE TABLE IF NOT EXISTS heads (
    topic text REFERENCES topics ON DELETE CASCADE, partition int, next bigint NOT NULL DEFAULT 0,
    first bigint NOT NULL DEFAULT 0, -- records below it have been taken away by retention
    PRIMARY KEY (topic, partition)
);

CREATE TABLE IF NOT EXISTS records (
    topic text, partition int, "offset" bigint, key text NOT NULL, value bytea, headers jsonb NOT NULL,
    appended_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, "offset"), FOREIGN KEY (topic, partition) REFERENCES heads ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS records_key ON records (topic, key, "offset");
