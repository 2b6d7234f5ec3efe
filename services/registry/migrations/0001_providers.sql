-- Providers as NPPES tells them, filled by COPY (commands/load_month.py). Names are unqualified: search_path chooses
-- the schema. Data class: public, except supplement, whose ssn_hmac is restricted and whose ein is confidential.

-- One row for each NPI that was ever in a file; NP-08: a deactivated one stays, with its date.
CREATE TABLE providers (
    npi text COLLATE "C" PRIMARY KEY,
    entity_type smallint CHECK (entity_type IN (1, 2)), -- 1 a person, 2 an organization; null: NPPES withholds it
    provider_id uuid NOT NULL, -- = employer_id; see domain/provider_ids.py
    organization_name text, -- legal business name
    last_name text,
    first_name text,
    middle_name text,
    name_prefix text,
    name_suffix text,
    credential text,
    mailing_line_1 text,
    mailing_line_2 text,
    mailing_city text,
    mailing_state text,
    mailing_zip text,
    mailing_country text,
    mailing_phone text,
    practice_line_1 text,
    practice_line_2 text,
    practice_city text,
    practice_state text,
    practice_zip text,
    practice_country text,
    practice_phone text,
    enumerated_on date,
    updated_on date,
    deactivated_on date,
    reactivated_on date,
    primary_taxonomy text,
    in_file boolean NOT NULL DEFAULT true, -- false: the latest file no longer has it
    sort_name text COLLATE "C" NOT NULL, -- case-folded; the same in all rows of one provider_id
    offered boolean GENERATED ALWAYS AS (
        entity_type IS NOT NULL AND (deactivated_on IS NULL OR coalesce(reactivated_on >= deactivated_on, false))
    ) STORED
);

-- The boxes of IA-EMP-01, each usable alone (D-47); what is not offered is in none of them.
CREATE INDEX providers_organization_name ON providers (lower(organization_name) text_pattern_ops) WHERE offered;
CREATE INDEX providers_last_name
    ON providers (lower(last_name) text_pattern_ops, lower(first_name) text_pattern_ops) WHERE offered;
CREATE INDEX providers_city ON providers (lower(practice_city) text_pattern_ops, lower(practice_state)) WHERE offered;
CREATE INDEX providers_state ON providers (lower(practice_state), sort_name, provider_id) WHERE offered;
CREATE INDEX providers_zip ON providers (lower(practice_zip) text_pattern_ops) WHERE offered;
CREATE INDEX providers_provider_id ON providers (provider_id);

-- One row for each further name of an NPI; codes NP-07: 1 former, 2 professional, 3 DBA, 4 former LBN, 5 other.
CREATE TABLE other_names (
    npi text COLLATE "C" NOT NULL,
    name text NOT NULL,
    type_code smallint
);
CREATE INDEX other_names_npi ON other_names (npi);
CREATE INDEX other_names_name ON other_names (lower(name) text_pattern_ops);

-- One row for each practice location of an NPI besides the one in providers.
CREATE TABLE practice_locations (
    npi text COLLATE "C" NOT NULL,
    line_1 text,
    line_2 text,
    city text,
    state text,
    zip text,
    country text,
    phone text,
    phone_extension text,
    fax text
);
CREATE INDEX practice_locations_npi ON practice_locations (npi);

-- One row for each NPI whose owner NPPES's public files suppress (NP-04): who stands behind it.
CREATE TABLE supplement (
    npi text COLLATE "C" PRIMARY KEY,
    ein text,
    ssn_hmac bytea, -- restricted; a blind index, never the number
    employer text, -- the supplement's stable key of an organization
    employer_id uuid -- made of that key
);
CREATE INDEX supplement_ssn_hmac ON supplement (ssn_hmac) WHERE ssn_hmac IS NOT NULL;

-- One row for each load that changed something or could have.
CREATE TABLE loads (
    load_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_names text[] NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    sha256 bytea[] NOT NULL, -- one for each file, in the order of file_names
    rows bigint NOT NULL,
    skipped bigint NOT NULL,
    finished_at timestamptz NOT NULL
);
