-- What happened. The columns from aggregate_type to metadata are those that sqlite-es writes.
CREATE TABLE events (
    -- Commit order: SQLite has one writer, and rows are never deleted.
    id             INTEGER PRIMARY KEY,
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL CHECK (sequence > 0),
    event_type     TEXT    NOT NULL,
    event_version  TEXT    NOT NULL,
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    recorded_at    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    -- Two commands on the same state of an aggregate collide here; the loser decides anew.
    UNIQUE (aggregate_type, aggregate_id, sequence)
);

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;

-- The order in which everyone reads the events: positions 1, 2, 3 without gaps.
CREATE TABLE log (
    position    INTEGER PRIMARY KEY CHECK (position > 0),
    event_id    INTEGER NOT NULL UNIQUE REFERENCES events (id),
    -- RFC 6962 leaf hash of the event; the leaves of the Merkle tree.
    leaf_hash   BLOB    NOT NULL CHECK (length(leaf_hash) = 32),
    customer_id TEXT
);

CREATE INDEX log_of_customer ON log (customer_id, position) WHERE customer_id IS NOT NULL;

CREATE TRIGGER log_is_never_changed BEFORE UPDATE ON log
BEGIN
    SELECT RAISE(ABORT, 'the log is never changed');
END;

CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
BEGIN
    SELECT RAISE(ABORT, 'the log is never deleted');
END;

CREATE TRIGGER log_has_no_gaps BEFORE INSERT ON log
WHEN NEW.position <> 1 + (SELECT coalesce(max(position), 0) FROM log)
BEGIN
    SELECT RAISE(ABORT, 'the log has no gaps');
END;
