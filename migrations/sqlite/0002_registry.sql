-- Repositories and what they hold. Bytes of manifests are rows, bytes of blobs are files named by their digest.

CREATE TABLE repository (
    -- Never given twice, so that a cache keyed by it cannot mistake a new repository for a deleted one.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- The model's Repository, as JSON.
    body TEXT NOT NULL,
    UNIQUE (account, region, name)
) STRICT;

-- A blob that is complete, verified and on disk.
CREATE TABLE blob (
    digest TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- 0: some repository shows it. 1: none does, to be collected. 2: condemned, its file may be gone already.
    state INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_to_collect ON blob (state) WHERE state > 0;

-- Which repository shows which blob.
CREATE TABLE repository_blob (
    repository INTEGER NOT NULL,
    digest TEXT NOT NULL,
    -- Promised to a client until then (upload, mount, HEAD, deletion of a manifest that named it). NULL once the
    -- collector has seen a manifest that names it: the deletion of that manifest brings the lease back.
    leased_until INTEGER,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_blob_by_digest ON repository_blob (digest, repository);
CREATE INDEX repository_blob_to_review ON repository_blob (leased_until) WHERE leased_until IS NOT NULL;

CREATE TABLE manifest (
    repository INTEGER NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    -- artifactType, else the config's media type.
    artifact_type TEXT,
    subject TEXT,
    -- The manifest's annotations as a JSON object; listed with referrers.
    annotations TEXT,
    -- As pushed, byte for byte.
    bytes BLOB NOT NULL,
    -- Config and layers together; of an index its largest child.
    size INTEGER NOT NULL,
    pushed_at INTEGER NOT NULL,
    last_pulled_at INTEGER,
    -- When the subject of this manifest was deleted.
    orphaned_at INTEGER,
    PRIMARY KEY (repository, digest)
) STRICT;
CREATE INDEX manifest_by_subject ON manifest (repository, subject, digest) WHERE subject IS NOT NULL;
CREATE INDEX manifest_orphaned ON manifest (orphaned_at) WHERE orphaned_at IS NOT NULL;

-- What a manifest names: blobs (config, layers) and manifests (children of an index). A subject is not among them.
CREATE TABLE manifest_reference (
    repository INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    referenced TEXT NOT NULL,
    PRIMARY KEY (repository, manifest, referenced)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_reference_by_referenced ON manifest_reference (repository, referenced, manifest);

CREATE TABLE image_tag (
    repository INTEGER NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    moved_at INTEGER NOT NULL,
    PRIMARY KEY (repository, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_tag_by_digest ON image_tag (repository, digest, tag);

-- Upload sessions; their bytes are files named by the id, whose length is how far they got.
CREATE TABLE upload (
    id TEXT NOT NULL PRIMARY KEY,
    repository INTEGER NOT NULL,
    algorithm TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_by_age ON upload (touched_at);
CREATE INDEX upload_by_repository ON upload (repository);
