-- The log of one service, and what stands beside it. Run in the service's own schema by its owner.

CREATE TABLE IF NOT EXISTS log (
    position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream      uuid        NOT NULL,
    version     bigint      NOT NULL,
    topic       text        NOT NULL,
    state       bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    cause       bytea       NOT NULL,
    leaf_hash   bytea       NOT NULL,
    CONSTRAINT log_stream_version UNIQUE (stream, version)
);

-- Nothing that was written is ever changed, whoever asks.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % refused', TG_OP USING ERRCODE = 'MD009';
END $$;
CREATE OR REPLACE TRIGGER log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Raised by a restore; a part of every receipt and of every message.
CREATE TABLE IF NOT EXISTS edition (edition bigint NOT NULL, one boolean PRIMARY KEY DEFAULT true CHECK (one));
INSERT INTO edition (edition) VALUES (1) ON CONFLICT DO NOTHING;

-- How far each follower has come; moved by compare-and-set in the transaction of what it stands for.
CREATE TABLE IF NOT EXISTS positions (follower text PRIMARY KEY, position bigint NOT NULL);

-- What was answered to each command, kept for as long as a repeat of it is taken.
CREATE TABLE IF NOT EXISTS answered (
    command_id  uuid PRIMARY KEY,
    actor       uuid        NOT NULL,
    position    bigint      NOT NULL,
    id          uuid        NOT NULL,
    answered_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS answered_at ON answered (answered_at);

-- The next offset to read in each partition: a hint, harmless to set back.
CREATE TABLE IF NOT EXISTS offsets (
    topic text, partition int, topic_id text NOT NULL, next bigint NOT NULL,
    reached bigint NOT NULL, -- the furthest that `next` has been: setting it back leaves no gap
    gap boolean NOT NULL DEFAULT false, -- retention passed us: what lay between was never heard
    PRIMARY KEY (topic, partition)
);

-- The newest state heard of each key: an older one that comes late is ignored.
CREATE TABLE IF NOT EXISTS heard (
    topic text, key text, edition bigint NOT NULL, version bigint NOT NULL, form bigint NOT NULL, PRIMARY KEY (topic, key)
);

-- The last state told of each key.
CREATE TABLE IF NOT EXISTS told (
    topic text, key uuid, version bigint NOT NULL, hash bytea NOT NULL, PRIMARY KEY (topic, key)
);

-- The last offset that the relay has written in each partition.
CREATE TABLE IF NOT EXISTS written (
    topic text, partition int, topic_id text NOT NULL, last bigint NOT NULL, PRIMARY KEY (topic, partition)
);

-- How far other services have told, and how far that has been heard here.
CREATE TABLE IF NOT EXISTS progress (
    origin          text PRIMARY KEY,
    edition         bigint      NOT NULL,
    position        bigint      NOT NULL,
    own_position    bigint      NOT NULL,
    appended_at     timestamptz NOT NULL,
    pending         bytea, -- waits to be proven, and stays until it is
    pending_at      timestamptz,
    latest          bytea, -- the newest that was heard
    latest_at       timestamptz
);

-- What a policy could not answer, and what waits behind it because it touches the same stream.
CREATE TABLE IF NOT EXISTS parked (
    policy text, position bigint, stream uuid NOT NULL, cause text NOT NULL, parked_at timestamptz NOT NULL,
    PRIMARY KEY (policy, position)
);

-- Deadlines that events have set and nobody has taken note of yet.
CREATE TABLE IF NOT EXISTS deadlines (
    topic text, stream uuid, expires_at timestamptz NOT NULL, PRIMARY KEY (topic, stream)
);
CREATE INDEX IF NOT EXISTS deadlines_due ON deadlines (expires_at);

-- What could not be read from the bus, with its bytes.
CREATE TABLE IF NOT EXISTS parked_messages (
    topic text, topic_id text, partition int, "offset" bigint, key text NOT NULL, headers jsonb NOT NULL, value bytea,
    cause text NOT NULL, parked_at timestamptz NOT NULL, PRIMARY KEY (topic, topic_id, partition, "offset")
);
CREATE INDEX IF NOT EXISTS parked_messages_key ON parked_messages (key);

-- The log as a person reads it.
CREATE OR REPLACE VIEW history AS
SELECT position, stream, version, topic, recorded_at,
       encode(substring(cause FROM 2 FOR 16), 'hex')::uuid  AS actor,
       nullif(encode(substring(cause FROM 18 FOR 16), 'hex')::uuid, '00000000-0000-0000-0000-000000000000') AS on_behalf_of,
       encode(substring(cause FROM 34 FOR 16), 'hex')::uuid AS command_id,
       encode(substring(cause FROM 50 FOR 16), 'hex')::uuid AS correlation_id,
       nullif(('x' || encode(substring(cause FROM 66 FOR 8), 'hex'))::bit(64)::bigint, 0) AS causation,
       convert_from(state, 'UTF8')::jsonb AS state,
       encode(leaf_hash, 'hex') AS leaf_hash
FROM log;
