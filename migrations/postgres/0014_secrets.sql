-- Secrets of Secrets Manager and parameters of the Parameter Store. Values are sealed: the key is not in the database.
CREATE TABLE secret (
    id      BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    -- When it is to be deleted.
    due_at  BIGINT,
    -- The model's Secret, as JSON.
    body    TEXT NOT NULL,
    UNIQUE (account, region, name)
);
CREATE INDEX secret_by_due ON secret (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE secret_version (
    secret     BIGINT NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
    version    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- 1 for bytes, 0 for text.
    is_binary  BIGINT NOT NULL,
    sealed     BYTEA NOT NULL,
    PRIMARY KEY (secret, version)
);

CREATE TABLE parameter (
    id      BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    -- The newest of its versions.
    version BIGINT NOT NULL,
    -- The model's Parameter, as JSON.
    body    TEXT NOT NULL,
    UNIQUE (account, region, name)
);

CREATE TABLE parameter_version (
    parameter BIGINT NOT NULL REFERENCES parameter (id) ON DELETE CASCADE,
    version   BIGINT NOT NULL,
    -- The model's ParameterVersion, as JSON.
    body      TEXT NOT NULL,
    sealed    BYTEA NOT NULL,
    PRIMARY KEY (parameter, version)
);
