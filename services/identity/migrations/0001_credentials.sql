-- What secrets are compared with, beside the log (S-20): written first, then the event that refers to it.

-- Commands that were begun, by a keyed hash of all their fields: a repeat with other fields is refused. The answer is
-- sealed with a key made of those fields: only who asks the same again can open it.
CREATE TABLE taken (
    command_id uuid PRIMARY KEY, fingerprint bytea NOT NULL, refusal text NOT NULL DEFAULT '', answer bytea,
    taken_at timestamptz NOT NULL
);
CREATE INDEX taken_at ON taken (taken_at);

-- Challenges of the portal that were solved, each good for one registration.
CREATE TABLE challenges (id text PRIMARY KEY, command_id uuid NOT NULL, used_at timestamptz NOT NULL);
CREATE INDEX challenges_used_at ON challenges (used_at);

-- Bearers of a registration or a sign-in, hashed.
CREATE TABLE tokens (
    hash bytea PRIMARY KEY, kind text NOT NULL, subject uuid NOT NULL, dies_at timestamptz NOT NULL
);
CREATE INDEX tokens_subject ON tokens (subject);
CREATE INDEX tokens_dies_at ON tokens (dies_at);

-- Codes on their way. `subject` is the account, the sign-in or the decoy; `used_by` the command that proved it.
CREATE TABLE codes (
    id uuid PRIMARY KEY, subject uuid NOT NULL, purpose text NOT NULL, method_id uuid, verifier text NOT NULL,
    tries int NOT NULL DEFAULT 0, issued_at timestamptz NOT NULL, resend_at timestamptz NOT NULL,
    dies_at timestamptz NOT NULL, used_by uuid, replaced boolean NOT NULL DEFAULT false
);
CREATE INDEX codes_subject ON codes (subject, issued_at);
CREATE INDEX codes_dies_at ON codes (dies_at);

-- Slow hashes of passwords and answers; a set is what one command chose. `what` is password or the question's name.
CREATE TABLE verifiers (
    set_id uuid, what text, account_id uuid NOT NULL, verifier text NOT NULL, made_at timestamptz NOT NULL,
    PRIMARY KEY (set_id, what)
);
CREATE INDEX verifiers_account ON verifiers (account_id, what, made_at);

-- Sessions, by the hash of their token.
CREATE TABLE sessions (
    hash bytea PRIMARY KEY, sign_in_id uuid NOT NULL UNIQUE, account_id uuid NOT NULL, started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, second_factor_at timestamptz NOT NULL,
    last_signed_in_at timestamptz, ended_at timestamptz
);
CREATE INDEX sessions_account ON sessions (account_id, started_at);

-- Tries and sendings, each with its moment: at most so many within a time, whichever copy of the service counts.
CREATE TABLE counters (key text PRIMARY KEY, times timestamptz[] NOT NULL);
