-- What PINs of invitations to the desk are compared with (S-06, S-20; chassis/pins.py): written first, then the event
-- that refers to it. A row goes when its PIN is withdrawn or its time is over; `used_by` is the command that used it, so
-- that a repeat is right again.
CREATE TABLE pins (
    invitation_id uuid PRIMARY KEY, address_index text NOT NULL, verifier text NOT NULL, tries int NOT NULL DEFAULT 0,
    dies_at timestamptz NOT NULL, used_by uuid
);
CREATE INDEX pins_address ON pins (address_index, dies_at);
-- By which address an invitation is found, a blind index: until it is accepted, withdrawn or over.
CREATE TABLE invited (invitation_id uuid PRIMARY KEY, address_index text NOT NULL);
CREATE INDEX invited_address ON invited (address_index, invitation_id);
