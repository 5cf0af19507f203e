-- The control plane: clusters, container instances, task definitions, services, tasks, the event log, keys and sessions.
-- What a thing is stands whole in `body` (JSON of the model's noun); the columns beside it are what queries look for.
-- Times are milliseconds since the Unix epoch, flags are 0 or 1.

CREATE TABLE event_sequence (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO event_sequence (id, value) VALUES (1, 0);

CREATE TABLE event (
    seq     INTEGER NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    cluster TEXT,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL
) STRICT;

CREATE TABLE cluster (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    status  TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
) STRICT;

CREATE TABLE container_instance (
    id              TEXT NOT NULL PRIMARY KEY,
    account         TEXT NOT NULL,
    region          TEXT NOT NULL,
    cluster         TEXT NOT NULL,
    ec2_instance_id TEXT NOT NULL,
    status          TEXT NOT NULL,
    serves_fargate  INTEGER NOT NULL,
    body            TEXT NOT NULL
) STRICT;
CREATE INDEX container_instance_by_cluster ON container_instance (account, region, cluster, id);
CREATE INDEX container_instance_by_ec2_instance_id ON container_instance (account, region, cluster, ec2_instance_id);
CREATE INDEX container_instance_serving_fargate ON container_instance (account, region, id) WHERE serves_fargate = 1;

-- The counter outlives the revisions, so that a number is never given twice.
CREATE TABLE task_definition_family (
    account       TEXT NOT NULL,
    region        TEXT NOT NULL,
    family        TEXT NOT NULL,
    last_revision INTEGER NOT NULL,
    PRIMARY KEY (account, region, family)
) STRICT;

CREATE TABLE task_definition (
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    family   TEXT NOT NULL,
    revision INTEGER NOT NULL,
    status   TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (account, region, family, revision)
) STRICT;
CREATE INDEX task_definition_by_status ON task_definition (account, region, status, family, revision);

CREATE TABLE service (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    cluster TEXT NOT NULL,
    name    TEXT NOT NULL,
    status  TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (account, region, cluster, name)
) STRICT;
CREATE INDEX service_unfinished ON service (account, region, cluster, name) WHERE status <> 'INACTIVE';

CREATE TABLE service_message (
    position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    cluster  TEXT NOT NULL,
    service  TEXT NOT NULL,
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX service_message_by_service ON service_message (account, region, cluster, service, position);

CREATE TABLE task (
    id             TEXT NOT NULL PRIMARY KEY,
    account        TEXT NOT NULL,
    region         TEXT NOT NULL,
    cluster        TEXT NOT NULL,
    instance       TEXT,
    family         TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    service        TEXT,
    deployment     TEXT,
    started_by     TEXT,
    launch_type    TEXT NOT NULL,
    desired_status TEXT NOT NULL,
    last_status    TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    stopped_at     INTEGER,
    body           TEXT NOT NULL
) STRICT;
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
    expires_at      INTEGER NOT NULL,
    PRIMARY KEY (account, region, operation, token)
) STRICT;
CREATE INDEX client_token_by_expiry ON client_token (expires_at);

CREATE TABLE access_key (
    id         TEXT NOT NULL PRIMARY KEY,
    secret     TEXT NOT NULL,
    principal  TEXT NOT NULL,
    admin      INTEGER NOT NULL,
    disabled   INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_in_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id_hash    TEXT NOT NULL PRIMARY KEY,
    data       BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_expiry ON session (expires_at);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
