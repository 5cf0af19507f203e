-- The same table as migrations/sqlite/0005_join_tokens.sql, for PostgreSQL.

CREATE TABLE join_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    cluster    TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
