-- What is in documents (IA-CONF-03): sealed with a key of its own, which is sealed for the owner in the vault, so that
-- nobody reads it once the owner's key is shredded. Written first, then the event that refers to it.
CREATE TABLE contents (
    document_id uuid PRIMARY KEY, owner_id uuid NOT NULL, sealed_key text NOT NULL, content bytea NOT NULL
);
