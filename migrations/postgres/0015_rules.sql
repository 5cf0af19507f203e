-- Rules that run tasks by a schedule.
CREATE TABLE rule (
    id      BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    next_at BIGINT,
    -- The model's Rule, as JSON.
    body    TEXT NOT NULL,
    UNIQUE (account, region, name)
);
CREATE INDEX rule_by_next ON rule (next_at) WHERE next_at IS NOT NULL;

-- The times at which targets were due: those that are still to be run, and the last ones that were.
CREATE TABLE rule_run (
    id     BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule   BIGINT NOT NULL REFERENCES rule (id) ON DELETE CASCADE,
    -- When it is to be tried; never again without.
    try_at BIGINT,
    -- The model's RuleRun, as JSON.
    body   TEXT NOT NULL
);
CREATE INDEX rule_run_by_try ON rule_run (try_at) WHERE try_at IS NOT NULL;
CREATE INDEX rule_run_by_rule ON rule_run (rule, id);
