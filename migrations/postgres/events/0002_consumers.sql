-- How far each consumer has come.
CREATE TABLE checkpoints (
    consumer text   PRIMARY KEY,
    position bigint NOT NULL
);

-- Events that a consumer could not handle, kept aside for a person.
CREATE TABLE parked (
    consumer  text        NOT NULL,
    position  bigint      NOT NULL,
    error     text        NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, position)
);
