-- Load balancers, what they listen on, and whom they send to.
CREATE TABLE load_balancer (
    arn     TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    -- The model's LoadBalancer, as JSON.
    body    TEXT NOT NULL,
    UNIQUE (account, region, name)
) STRICT;

CREATE TABLE listener (
    arn           TEXT NOT NULL PRIMARY KEY,
    load_balancer TEXT NOT NULL REFERENCES load_balancer (arn) ON DELETE CASCADE,
    -- The model's Listener, as JSON.
    body          TEXT NOT NULL
) STRICT;
CREATE INDEX listener_by_load_balancer ON listener (load_balancer);

CREATE TABLE listener_rule (
    arn      TEXT NOT NULL PRIMARY KEY,
    listener TEXT NOT NULL REFERENCES listener (arn) ON DELETE CASCADE,
    priority INTEGER NOT NULL,
    -- The model's Rule, as JSON.
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX listener_rule_by_listener ON listener_rule (listener, priority);

CREATE TABLE target_group (
    arn     TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    -- The model's TargetGroup, as JSON.
    body    TEXT NOT NULL,
    UNIQUE (account, region, name)
) STRICT;

CREATE TABLE target (
    target_group TEXT NOT NULL REFERENCES target_group (arn) ON DELETE CASCADE,
    id           TEXT NOT NULL,
    port         INTEGER NOT NULL,
    -- The task that it is, when a service registered it.
    task         TEXT,
    -- Since when it is let go.
    draining_since INTEGER,
    -- The model's Target, as JSON.
    body         TEXT NOT NULL,
    PRIMARY KEY (target_group, id, port)
) STRICT;
CREATE INDEX target_by_task ON target (task) WHERE task IS NOT NULL;
CREATE INDEX target_by_draining ON target (draining_since) WHERE draining_since IS NOT NULL;

-- Certificates that were imported. Their keys are sealed.
CREATE TABLE certificate (
    arn     TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    -- The model's Certificate, as JSON.
    body    TEXT NOT NULL,
    sealed  BLOB NOT NULL
) STRICT;
CREATE INDEX certificate_by_scope ON certificate (account, region, arn);
