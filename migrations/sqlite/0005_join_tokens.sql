-- Tokens with which a host joins, once; only their hash is kept.

CREATE TABLE join_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    cluster    TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
