-- Mails that may have been sent before the notifier's own database was put back wait for somebody to decide.
ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS held boolean NOT NULL DEFAULT false;

-- How mails ended of which the log does not know any more, for the bus has kept it; filled by a restore alone.
CREATE TABLE IF NOT EXISTS ended_before (
    notification_id uuid PRIMARY KEY,
    message_id      text NOT NULL, -- empty where it was given up
    reason          text NOT NULL
);
