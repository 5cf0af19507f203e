-- What is known to be wrong with packages: advisories in the OSV format, by what they are about.
CREATE TABLE advisory (
    -- The database that it came with; one is current (setting `advisory-database`), others are on their way in or out.
    generation INTEGER NOT NULL,
    ecosystem TEXT NOT NULL,
    package TEXT NOT NULL,
    id TEXT NOT NULL,
    -- The scanner's Advisory, as JSON.
    body TEXT NOT NULL,
    PRIMARY KEY (generation, ecosystem, package, id)
) STRICT, WITHOUT ROWID;

-- The last scan of an image.
CREATE TABLE image_scan (
    repository INTEGER NOT NULL,
    digest TEXT NOT NULL,
    -- Not finished yet.
    is_pending INTEGER NOT NULL,
    -- The database that the findings are by; NULL when there are none.
    generation INTEGER,
    -- The model's ImageScan, as JSON.
    body TEXT NOT NULL,
    -- The scanner's Inventory, as JSON: it is read once, and held against every new database.
    inventory TEXT,
    -- The scanner's Findings, as JSON.
    findings TEXT,
    PRIMARY KEY (repository, digest)
) STRICT;
CREATE INDEX image_scan_pending ON image_scan (repository, digest) WHERE is_pending = 1;
CREATE INDEX image_scan_by_generation ON image_scan (generation) WHERE generation IS NOT NULL;
