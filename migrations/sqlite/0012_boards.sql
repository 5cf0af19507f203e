-- How services stood, by their ARN: a row each time that it changed.
CREATE TABLE service_health (
    service TEXT NOT NULL,
    -- In Unix milliseconds.
    at INTEGER NOT NULL,
    -- up, degraded, down, idle or unknown.
    health TEXT NOT NULL,
    PRIMARY KEY (service, at)
) STRICT, WITHOUT ROWID;

-- Status boards.
CREATE TABLE board (
    name TEXT NOT NULL PRIMARY KEY,
    -- The model's Board, as JSON.
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Links that open a board without signing in, by the hash of the key in them.
CREATE TABLE board_link (
    id TEXT NOT NULL PRIMARY KEY,
    board TEXT NOT NULL REFERENCES board (name) ON DELETE CASCADE,
    key_hash TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    -- The model's BoardLink, as JSON.
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX board_link_of ON board_link (board);
