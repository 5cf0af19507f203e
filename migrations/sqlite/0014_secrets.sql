-- Secrets of Secrets Manager and parameters of the Parameter Store. Values are sealed: the key is not in the database.
CREATE TABLE secret (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    -- When it is to be deleted.
    due_at  INTEGER,
    -- The model's Secret, as JSON.
    body    TEXT NOT NULL,
    UNIQUE (account, region, name)
) STRICT;
CREATE INDEX secret_by_due ON secret (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE secret_version (
    secret     INTEGER NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
    version    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- 1 for bytes, 0 for text.
    is_binary  INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (secret, version)
) STRICT;

CREATE TABLE parameter (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    -- The newest of its versions.
    version INTEGER NOT NULL,
    -- The model's Parameter, as JSON.
    body    TEXT NOT NULL,
    UNIQUE (account, region, name)
) STRICT;

CREATE TABLE parameter_version (
    parameter INTEGER NOT NULL REFERENCES parameter (id) ON DELETE CASCADE,
    version   INTEGER NOT NULL,
    -- The model's ParameterVersion, as JSON.
    body      TEXT NOT NULL,
    sealed    BLOB NOT NULL,
    PRIMARY KEY (parameter, version)
) STRICT;
