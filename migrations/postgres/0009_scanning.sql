-- What is known to be wrong with packages: advisories in the OSV format, by what they are about.
CREATE TABLE advisory (
    -- The database that it came with; one is current (setting `advisory-database`), others are on their way in or out.
    generation BIGINT NOT NULL,
    ecosystem TEXT NOT NULL,
    package TEXT NOT NULL,
    id TEXT NOT NULL,
    -- The scanner's Advisory, as JSON.
    body TEXT NOT NULL,
    PRIMARY KEY (generation, ecosystem, package, id)
);

-- The last scan of an image.
CREATE TABLE image_scan (
    repository BIGINT NOT NULL,
    digest TEXT NOT NULL,
    -- Not finished yet.
    is_pending BIGINT NOT NULL,
    -- The database that the findings are by; NULL when there are none.
    generation BIGINT,
    -- The model's ImageScan, as JSON.
    body TEXT NOT NULL,
    -- The scanner's Inventory, as JSON: it is read once, and held against every new database.
    inventory TEXT,
    -- The scanner's Findings, as JSON.
    findings TEXT,
    PRIMARY KEY (repository, digest)
);
CREATE INDEX image_scan_pending ON image_scan (repository, digest) WHERE is_pending = 1;
CREATE INDEX image_scan_by_generation ON image_scan (generation) WHERE generation IS NOT NULL;
