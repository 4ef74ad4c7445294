-- What happened. The columns from aggregate_type to metadata are those that postgres-es writes.
CREATE TABLE events (
    id             bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    -- The transaction that wrote the row. Once every older transaction has ended, nothing can come before it any more:
    -- (xid, id) is the order of the log, which id alone is not, because a slow transaction commits a small id late.
    xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    sequence       bigint      NOT NULL CHECK (sequence > 0),
    event_type     text        NOT NULL,
    event_version  text        NOT NULL,
    payload        jsonb       NOT NULL,
    metadata       jsonb       NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (xid, id),
    -- Two commands on the same state of an aggregate collide here; the loser decides anew.
    UNIQUE (aggregate_type, aggregate_id, sequence)
);

-- The order in which everyone reads the events: positions 1, 2, 3 without gaps. There is no foreign key, because it would
-- lock, and so write, each event once more; events cannot be deleted, and `datacore verify` looks at both.
CREATE TABLE log (
    position    bigint PRIMARY KEY CHECK (position > 0),
    event_xid   xid8   NOT NULL,
    event_id    bigint NOT NULL,
    -- RFC 6962 leaf hash of the event; the leaves of the Merkle tree.
    leaf_hash   bytea  NOT NULL CHECK (octet_length(leaf_hash) = 32),
    customer_id text,
    UNIQUE (event_xid, event_id)
);

CREATE INDEX log_of_customer ON log (customer_id, position) WHERE customer_id IS NOT NULL;

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
    EXECUTE FUNCTION refuse('events are never changed');
CREATE TRIGGER events_are_never_deleted BEFORE DELETE OR TRUNCATE ON events
    EXECUTE FUNCTION refuse('events are never deleted');
CREATE TRIGGER log_is_never_changed BEFORE UPDATE ON log
    EXECUTE FUNCTION refuse('the log is never changed');
CREATE TRIGGER log_is_never_deleted BEFORE DELETE OR TRUNCATE ON log
    EXECUTE FUNCTION refuse('the log is never deleted');

-- Looks at what a statement added as a whole. Positions are unique, so nothing can be missing between them when there
-- are as many as from the first to the last, and the one before the first is there.
CREATE FUNCTION refuse_gaps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    last bigint;
    added bigint;
BEGIN
    SELECT min(position), max(position), count(*) INTO first, last, added FROM new_positions;
    IF added <> last - first + 1 OR first > 1 AND NOT EXISTS (SELECT FROM events.log WHERE position = first - 1) THEN
        RAISE EXCEPTION 'the log has no gaps' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER log_has_no_gaps AFTER INSERT ON log REFERENCING NEW TABLE AS new_positions
    EXECUTE FUNCTION refuse_gaps();
