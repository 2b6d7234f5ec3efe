-- What is in a document may stand in a store outside the database (chassis/documents/stores.py), found there by the
-- hash of its sealed bytes; what was kept in the row before stays there.
ALTER TABLE contents ALTER COLUMN content DROP NOT NULL;
ALTER TABLE contents ADD COLUMN content_hash text;
