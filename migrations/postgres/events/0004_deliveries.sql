-- What consumers behind a message bus still have to do. A row goes when its work is done, or is parked.
CREATE TABLE deliveries (
    consumer text        NOT NULL,
    position bigint      NOT NULL,
    -- How often the work was begun.
    attempts integer     NOT NULL DEFAULT 0,
    -- Whether a message about it should be with the bus.
    sent     boolean     NOT NULL,
    -- When to send a message, or to miss the one that was sent.
    due_at   timestamptz NOT NULL,
    error    text,
    PRIMARY KEY (consumer, position)
);

CREATE INDEX deliveries_due ON deliveries (due_at);
