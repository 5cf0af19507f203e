-- Log groups.
CREATE TABLE log_group (
    id           BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account      TEXT NOT NULL,
    region       TEXT NOT NULL,
    name         TEXT NOT NULL,
    -- Bytes of the lines that are kept, as they arrived.
    stored_bytes BIGINT NOT NULL,
    -- The model's LogGroup, as JSON.
    body         TEXT NOT NULL,
    UNIQUE (account, region, name)
);

CREATE TABLE log_stream (
    id               BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log_group        BIGINT NOT NULL REFERENCES log_group (id) ON DELETE CASCADE,
    name             TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    first_event_at   BIGINT,
    last_event_at    BIGINT,
    last_ingested_at BIGINT,
    UNIQUE (log_group, name)
);
CREATE INDEX log_stream_by_last_event ON log_stream (log_group, COALESCE(last_event_at, 0), name);

-- Streams that are gone and whose lines are not swept yet: deleting a large one must hold nobody up.
CREATE TABLE log_stream_gone (
    id BIGINT NOT NULL PRIMARY KEY
);

-- Blobs that no repository shows: the lines of many chunks of one group.
CREATE TABLE log_segment (
    id     BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest TEXT NOT NULL,
    -- Chunks that are still in it; without any it goes.
    chunks BIGINT NOT NULL
);
CREATE INDEX log_segment_by_digest ON log_segment (digest);

-- Lines that arrived together, at most ten minutes from the first to the last.
CREATE TABLE log_chunk (
    id          BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log_group   BIGINT NOT NULL,
    log_stream  BIGINT NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    ingested_at BIGINT NOT NULL,
    -- Bytes of the lines, as they arrived.
    bytes       BIGINT NOT NULL,
    -- The lines in the order of time, compressed; in a segment, where they begin in it, once they were packed.
    body        BYTEA,
    length      BIGINT NOT NULL,
    segment     BIGINT REFERENCES log_segment (id),
    segment_at  BIGINT
);
CREATE INDEX log_chunk_unpacked ON log_chunk (log_group, id, length) WHERE segment IS NULL;
CREATE INDEX log_chunk_of_group ON log_chunk (log_group, first_at, id, last_at);
CREATE INDEX log_chunk_of_group_by_end ON log_chunk (log_group, last_at, id, first_at);
CREATE INDEX log_chunk_of_stream ON log_chunk (log_stream, first_at, id, last_at);
CREATE INDEX log_chunk_of_stream_by_end ON log_chunk (log_stream, last_at, id, first_at);
