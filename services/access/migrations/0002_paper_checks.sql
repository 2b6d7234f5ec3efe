-- How many check codes of papers were tried from an address within the hour that began then; counted before a code is
-- judged. Addresses are blind indexes, and a row goes with the next try after its hour.
CREATE TABLE paper_checks (address_index text PRIMARY KEY, began_at timestamptz NOT NULL, tries int NOT NULL);
