-- Whether a process that reads the bus has found that this log was put back to before what it has told. Those who have
-- no bus (an api) are told so here. Holds for the edition in which it was noticed: a restore raises that.
CREATE TABLE IF NOT EXISTS put_back (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), edition bigint NOT NULL, why text NOT NULL,
    noticed_at timestamptz NOT NULL
);
