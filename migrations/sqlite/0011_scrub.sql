-- When the bytes of a blob were last seen to be whole: when they arrived, or when they were read again.
ALTER TABLE blob ADD COLUMN verified_at INTEGER NOT NULL DEFAULT 0;
UPDATE blob SET verified_at = created_at;
CREATE INDEX blob_to_verify ON blob (verified_at) WHERE state = 0;

-- Blobs whose bytes were found damaged and that nobody has pushed again since.
CREATE TABLE damaged_blob (
    digest TEXT NOT NULL PRIMARY KEY,
    found_at INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
