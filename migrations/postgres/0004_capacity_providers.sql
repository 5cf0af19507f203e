-- The same table as migrations/sqlite/0004_capacity_providers.sql, for PostgreSQL.

CREATE TABLE capacity_provider (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
);
