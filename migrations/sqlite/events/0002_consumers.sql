-- How far each consumer has come.
CREATE TABLE checkpoints (
    consumer TEXT    PRIMARY KEY,
    position INTEGER NOT NULL
);

-- Events that a consumer could not handle, kept aside for a person.
CREATE TABLE parked (
    consumer  TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    error     TEXT    NOT NULL,
    parked_at TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (consumer, position)
);
