-- The history of services: each deployment with the revision that it rolled out.

CREATE TABLE service_deployment (
    account    TEXT NOT NULL,
    region     TEXT NOT NULL,
    cluster    TEXT NOT NULL,
    service    TEXT NOT NULL,
    id         TEXT NOT NULL,
    status     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (account, region, cluster, service, id)
) STRICT;
CREATE INDEX service_deployment_by_age ON service_deployment (account, region, cluster, service, created_at, id);
CREATE INDEX service_deployment_unfinished ON service_deployment (account, region, cluster, service, id)
    WHERE status NOT IN ('SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED');
