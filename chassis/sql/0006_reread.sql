-- How far a service has read its own state topics, to see that nobody's late record stands last there.
CREATE TABLE IF NOT EXISTS reread (
    topic text, partition int, topic_id text NOT NULL, next bigint NOT NULL, PRIMARY KEY (topic, partition)
);
