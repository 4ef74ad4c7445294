//! Gives positions in PostgreSQL, where many commit at once: in the order of transactions, and never before every
//! older transaction has ended, so that nothing can come before what has a position.

use anyhow::{Context, Result, ensure};
use sqlx::postgres::PgConnection;
use sqlx::{PgExecutor, Row};

use super::engine::{Postgres, integer};
use super::shared::log::{event_columns, stored};
use super::wakeups::HEADS;
use crate::event_store::leaf_hash::{Leaf, StoredEvent};
use crate::sql::rows::NumberingRound;

/// What the newest position was given to. The log's last row is the sequencer's only memory.
macro_rules! cursor {
    () => {
        "(coalesce((SELECT event_xid FROM log ORDER BY position DESC LIMIT 1), '0'),
          coalesce((SELECT event_id FROM log ORDER BY position DESC LIMIT 1), 0))"
    };
}

/// A committed event without a position.
struct Unnumbered {
    head: u64,
    xid: String,
    id: i64,
    event: StoredEvent,
}

impl Postgres {
    /// Gives positions to the first `limit` events that are settled and have none.
    pub(crate) async fn number(&self, limit: u32) -> Result<NumberingRound> {
        let mut connection = self.writer.acquire().await.context("connecting to number events")?;
        check_cluster(&mut *connection).await?;
        number(&mut connection, limit).await
    }

    /// How many events are committed, numbered or not.
    pub(crate) async fn committed(&self) -> Result<u64> {
        let count = sqlx::query_scalar(concat!(
            "SELECT (SELECT coalesce(max(position), 0) FROM log)
                  + (SELECT count(*) FROM events WHERE (xid, id) > ",
            cursor!(),
            ")"
        ));
        count.fetch_one(&self.reader).await.map(i64::cast_unsigned).context("counting the committed events")
    }

    /// Events that the log has stepped over, as `Type id sequence`.
    pub(crate) async fn stepped_over(&self) -> Result<Vec<String>> {
        let missing = sqlx::query_scalar(concat!(
            "SELECT aggregate_type || ' ' || aggregate_id || ' ' || sequence FROM events e
             WHERE (e.xid, e.id) < ",
            cursor!(),
            " AND NOT EXISTS (SELECT FROM log l WHERE ",
            same_event!(),
            ") ORDER BY e.xid, e.id"
        ));
        missing.fetch_all(&self.reader).await.context("looking for events outside the log")
    }
}

/// Reads, hashes and appends, each on its own: no transaction is open while this side works.
pub(super) async fn number(connection: &mut PgConnection, limit: u32) -> Result<NumberingRound> {
    let events = unnumbered(connection, limit).await?;
    let Some(first) = events.first() else { return quiet(connection).await };
    let head = first.head;
    let leaves = events.iter().map(|unnumbered| unnumbered.event.leaf()).collect::<Result<Vec<_>>>()?;
    let appended = append(connection, head, &events, &leaves).await?;
    Ok(NumberingRound { head, numbered: if appended { leaves.len() as u64 } else { 0 }, held_back: false })
}

/// The first events behind the newest position that nothing can come before any more.
async fn unnumbered(connection: &mut PgConnection, limit: u32) -> Result<Vec<Unnumbered>> {
    let rows = sqlx::query(concat!(
        "SELECT coalesce((SELECT max(position) FROM log), 0) AS head, e.xid::text AS xid, e.id, ",
        event_columns!(),
        " FROM events e WHERE (e.xid, e.id) > ",
        cursor!(),
        " AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY e.xid, e.id LIMIT $1"
    ));
    let rows = rows.bind(i64::from(limit)).fetch_all(connection).await.context("reading committed events")?;
    let unnumbered = rows.iter().map(|row| {
        let head = row.try_get::<i64, _>("head")?.cast_unsigned();
        Ok(Unnumbered { head, xid: row.try_get("xid")?, id: row.try_get("id")?, event: stored(row)? })
    });
    unnumbered.collect()
}

/// Nothing can be numbered now; perhaps because an older transaction is still open.
async fn quiet(connection: &mut PgConnection) -> Result<NumberingRound> {
    let row = sqlx::query(concat!(
        "SELECT coalesce((SELECT max(position) FROM log), 0) AS head,
                EXISTS (SELECT FROM events WHERE (xid, id) > ",
        cursor!(),
        ") AS held_back"
    ));
    let row = row.fetch_one(connection).await.context("looking for events that are held back")?;
    let head = row.try_get::<i64, _>("head")?.cast_unsigned();
    Ok(NumberingRound { head, numbered: 0, held_back: row.try_get("held_back")? })
}

/// Appends a whole batch behind `head` in one statement and tells everyone; `false` when someone else has appended
/// since.
async fn append(connection: &mut PgConnection, head: u64, events: &[Unnumbered], leaves: &[Leaf]) -> Result<bool> {
    let append = sqlx::query(
        "WITH appended AS (
             INSERT INTO log (position, event_xid, event_id, leaf_hash, customer_id)
             SELECT $1 + place, xid::xid8, id, leaf_hash, customer_id
             FROM unnest($2::text[], $3::bigint[], $4::bytea[], $5::text[])
                  WITH ORDINALITY AS batch (xid, id, leaf_hash, customer_id, place)
             RETURNING position
         )
         SELECT pg_notify($6, max(position)::text) FROM appended",
    );
    let append = append
        .bind(integer(head))
        .bind(events.iter().map(|unnumbered| unnumbered.xid.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|unnumbered| unnumbered.id).collect::<Vec<_>>())
        .bind(leaves.iter().map(|leaf| &leaf.hash[..]).collect::<Vec<_>>())
        .bind(leaves.iter().map(|leaf| leaf.customer_id.map(|id| id.to_string())).collect::<Vec<_>>())
        .bind(HEADS);
    match append.execute(connection).await {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error).with_context(|| format!("appending behind position {head}")),
    }
}

/// Transaction numbers mean something only in the cluster that gave them. After a restore from a dump the new cluster
/// counts from its own start, and new events would stay behind the old ones for ever.
pub(super) async fn check_cluster(connection: impl PgExecutor<'_>) -> Result<()> {
    let known = sqlx::query_scalar(
        "SELECT coalesce((SELECT event_xid FROM log ORDER BY position DESC LIMIT 1), '0')
                < pg_snapshot_xmax(pg_current_snapshot())",
    );
    let known: bool = known.fetch_one(connection).await.context("comparing the log with the cluster")?;
    ensure!(
        known,
        "the log was numbered in another PostgreSQL cluster, whose transactions were further on; restore from a physical \
         backup, or raise the counter of this cluster with `pg_resetwal --epoch`"
    );
    Ok(())
}
