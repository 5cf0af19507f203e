-- Capacity providers that somebody made; those behind Fargate are there without a row.

CREATE TABLE capacity_provider (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
) STRICT;
