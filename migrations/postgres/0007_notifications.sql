-- What is still to be told to those who asked to be told, in the order of what happened. Numbers are never used twice, so
-- that a reader's position stays right when the table is empty.

CREATE TABLE notification (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body TEXT NOT NULL
);
