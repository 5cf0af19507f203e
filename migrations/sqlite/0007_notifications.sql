-- What is still to be told to those who asked to be told, in the order of what happened. Numbers are never used twice, so
-- that a reader's position stays right when the table is empty.

CREATE TABLE notification (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL
) STRICT;
