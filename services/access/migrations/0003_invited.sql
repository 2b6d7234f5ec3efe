-- By which address an invitation is found whose PIN is dead, so that whoever was invited can ask for a new one: a blind
-- index, beside the log. A row goes when its invitation is accepted, withdrawn or sent again.
CREATE TABLE invited (invitation_id uuid PRIMARY KEY, address_index text NOT NULL);
CREATE INDEX invited_address ON invited (address_index, invitation_id);
