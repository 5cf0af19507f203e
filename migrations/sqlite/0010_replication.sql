-- What of an image was brought, or is to be brought, to another registry.
CREATE TABLE replication (
    repository INTEGER NOT NULL,
    digest TEXT NOT NULL,
    -- The registry's account and region.
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    -- IN_PROGRESS, COMPLETE or FAILED.
    status TEXT NOT NULL,
    -- When it is tried next, in Unix milliseconds.
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failure TEXT,
    PRIMARY KEY (repository, digest, account, region)
) STRICT;
CREATE INDEX replication_due ON replication (due_at) WHERE status = 'IN_PROGRESS';

-- What was deleted here and is to be deleted in another registry.
CREATE TABLE replicated_deletion (
    id INTEGER PRIMARY KEY,
    -- The repository here, which may be gone.
    from_account TEXT NOT NULL,
    from_region TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    -- The tag that went; NULL when the whole image did.
    tag TEXT,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;
CREATE INDEX replicated_deletion_due ON replicated_deletion (due_at);

-- Backfills, kept for 90 days.
CREATE TABLE replication_backfill (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    is_running INTEGER NOT NULL,
    -- The model's Backfill, as JSON.
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE replication_backfill_image (
    backfill TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    status TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failure TEXT,
    PRIMARY KEY (backfill, name, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX replication_backfill_image_due ON replication_backfill_image (backfill, due_at)
    WHERE status = 'IN_PROGRESS';
