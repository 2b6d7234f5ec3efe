-- The sender's queue: one row for each mail that is still to be sent. Made again from the log by setting the
-- sender's position back to zero; what is lost then is the count of tries.
CREATE TABLE IF NOT EXISTS deliveries (
    notification_id uuid PRIMARY KEY,
    requested_at    timestamptz NOT NULL,
    expires_at      timestamptz,
    due_at          timestamptz NOT NULL, -- moved ahead when a try begins, so that two copies never try at once
    attempts        integer     NOT NULL DEFAULT 0,
    last_error      text        NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at, notification_id);

INSERT INTO positions (follower, position) VALUES ('notifier.sender', 0) ON CONFLICT DO NOTHING;
