-- In which edition and form each state was told last: what is behind is told again. Until now every service told
-- its states in the first of both.

ALTER TABLE told ADD COLUMN IF NOT EXISTS edition bigint NOT NULL DEFAULT 1;
ALTER TABLE told ADD COLUMN IF NOT EXISTS form bigint NOT NULL DEFAULT 1;
