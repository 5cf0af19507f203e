-- The same tables as migrations/sqlite/0001_control_plane.sql, for PostgreSQL. Only the SQLite migrations are run today;
-- this file keeps the two in step, so that the one query text of `gantry-store` serves both.
-- The database is to be created with LC_COLLATE 'C': names sort by their bytes, as SQLite sorts them.

CREATE TABLE event_sequence (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO event_sequence (id, value) VALUES (1, 0);

CREATE TABLE event (
    seq     BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    cluster TEXT,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL
);

CREATE TABLE cluster (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    status  TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
);

CREATE TABLE container_instance (
    id              TEXT NOT NULL PRIMARY KEY,
    account         TEXT NOT NULL,
    region          TEXT NOT NULL,
    cluster         TEXT NOT NULL,
    ec2_instance_id TEXT NOT NULL,
    status          TEXT NOT NULL,
    serves_fargate  BIGINT NOT NULL,
    body            TEXT NOT NULL
);
CREATE INDEX container_instance_by_cluster ON container_instance (account, region, cluster, id);
CREATE INDEX container_instance_by_ec2_instance_id ON container_instance (account, region, cluster, ec2_instance_id);
CREATE INDEX container_instance_serving_fargate ON container_instance (account, region, id) WHERE serves_fargate = 1;

-- The counter outlives the revisions, so that a number is never given twice.
CREATE TABLE task_definition_family (
    account       TEXT NOT NULL,
    region        TEXT NOT NULL,
    family        TEXT NOT NULL,
    last_revision BIGINT NOT NULL,
    PRIMARY KEY (account, region, family)
);

CREATE TABLE task_definition (
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    family   TEXT NOT NULL,
    revision BIGINT NOT NULL,
    status   TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (account, region, family, revision)
);
CREATE INDEX task_definition_by_status ON task_definition (account, region, status, family, revision);

CREATE TABLE service (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    cluster TEXT NOT NULL,
    name    TEXT NOT NULL,
    status  TEXT NOT NULL,
    version BIGINT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (account, region, cluster, name)
);
CREATE INDEX service_unfinished ON service (account, region, cluster, name) WHERE status <> 'INACTIVE';

CREATE TABLE service_message (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    cluster  TEXT NOT NULL,
    service  TEXT NOT NULL,
    body     TEXT NOT NULL
);
CREATE INDEX service_message_by_service ON service_message (account, region, cluster, service, position);

CREATE TABLE task (
    id             TEXT NOT NULL PRIMARY KEY,
    account        TEXT NOT NULL,
    region         TEXT NOT NULL,
    cluster        TEXT NOT NULL,
    instance       TEXT,
    family         TEXT NOT NULL,
    revision       BIGINT NOT NULL,
    service        TEXT,
    deployment     TEXT,
    started_by     TEXT,
    launch_type    TEXT NOT NULL,
    desired_status TEXT NOT NULL,
    last_status    TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    stopped_at     BIGINT,
    body           TEXT NOT NULL
);
CREATE INDEX task_by_cluster ON task (account, region, cluster, desired_status, id);
CREATE INDEX task_by_service ON task (account, region, cluster, service, id) WHERE service IS NOT NULL;
CREATE INDEX task_by_started_by ON task (account, region, cluster, started_by, id) WHERE started_by IS NOT NULL;
CREATE INDEX task_by_family ON task (account, region, cluster, family, id);
CREATE INDEX task_by_instance ON task (instance, id) WHERE instance IS NOT NULL;
CREATE INDEX task_unstopped ON task (account, region, cluster, last_status, id) WHERE last_status <> 'STOPPED';
CREATE INDEX task_waiting ON task (created_at, id) WHERE instance IS NULL AND desired_status = 'RUNNING';
CREATE INDEX task_stopped ON task (stopped_at, id) WHERE last_status = 'STOPPED';

-- What a request with a client token answered, so that its repetition answers the same.
CREATE TABLE client_token (
    account         TEXT NOT NULL,
    region          TEXT NOT NULL,
    operation       TEXT NOT NULL,
    token           TEXT NOT NULL,
    parameters_hash TEXT NOT NULL,
    result          TEXT NOT NULL,
    expires_at      BIGINT NOT NULL,
    PRIMARY KEY (account, region, operation, token)
);
CREATE INDEX client_token_by_expiry ON client_token (expires_at);

CREATE TABLE access_key (
    id         TEXT NOT NULL PRIMARY KEY,
    secret     TEXT NOT NULL,
    principal  TEXT NOT NULL,
    admin      BIGINT NOT NULL,
    disabled   BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sign_in_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE session (
    id_hash    TEXT NOT NULL PRIMARY KEY,
    data       BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_by_expiry ON session (expires_at);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
