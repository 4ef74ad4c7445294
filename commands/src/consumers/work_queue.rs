//! The work queue of the consumers behind a message bus. A message only says that there is work; that it is still to be
//! done stands here until it is done or becomes a dead letter, so that the bus may lose, repeat and reorder messages.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::Row;
use sqlx::postgres::types::PgInterval;
use sqlx::postgres::{PgPool, PgRow};

use crate::sql::database::Database;
use crate::sql::postgres::engine::integer;
use crate::sql::postgres::lease::Lease;

/// The number of the lock of whoever publishes the log: the letters `dc_relay` as ASCII.
const RELAY: i64 = i64::from_be_bytes(*b"dc_relay");
/// Few, because the statements are short.
const CONNECTIONS: u32 = 4;

/// The work queue of a server database.
#[derive(Clone)]
pub struct WorkQueue {
    pool: PgPool,
}

/// An event that a consumer has to handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkItem {
    pub consumer: String,
    /// The position of the event.
    pub position: u64,
    /// Whether a message about it should be with the bus.
    pub sent: bool,
}

/// An attempt at an item, by whoever claimed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// How often it was begun, this time included.
    pub attempt: u32,
    /// How it went the last time, when that is known: a process that died says nothing.
    pub last_error: Option<String>,
}

/// Every method fails when the database does.
impl WorkQueue {
    /// The work queue of a database, over connections of its own that do not wait for the disk; SQLite has none, because
    /// consumers there read the log themselves. Whatever a crash of the server takes away of it is done once more: an event
    /// that is struck out is handled again, and rows that are lost go together with the later checkpoint of the relay, which
    /// then adds them again.
    pub(crate) fn on(database: &Database) -> Option<Self> {
        let Database::Postgres(postgres) = database else { return None };
        Some(Self { pool: migrations::postgres::pool(CONNECTIONS).connect_lazy_with(postgres.volatile()) })
    }

    /// Waits until no other process publishes the log, and keeps the others from it.
    pub async fn lead(&self) -> Result<Lease> {
        Lease::take(&self.pool.connect_options(), RELAY).await
    }

    /// Adds events that consumers have to handle. What stands here already is left alone.
    pub async fn add(&self, items: &[WorkItem]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let add = sqlx::query(
            "INSERT INTO deliveries (consumer, position, sent, due_at)
             SELECT consumer, position, sent, now() + CASE WHEN sent THEN interval '1 minute' ELSE interval '0' END
             FROM unnest($1::text[], $2::bigint[], $3::boolean[]) AS new (consumer, position, sent)
             ON CONFLICT (consumer, position) DO NOTHING",
        );
        let add = add
            .bind(items.iter().map(|item| item.consumer.as_str()).collect::<Vec<_>>())
            .bind(items.iter().map(|item| integer(item.position)).collect::<Vec<_>>())
            .bind(items.iter().map(|item| item.sent).collect::<Vec<_>>());
        add.execute(&self.pool).await.map(drop).context("adding deliveries")
    }

    /// Begins to work on an event, for `lease` if nothing is heard; `None` when there is nothing left to do.
    pub async fn claim(&self, consumer: &str, position: u64, lease: Duration) -> Result<Option<Claim>> {
        let claim = sqlx::query(
            "UPDATE deliveries SET attempts = attempts + 1, sent = true, due_at = now() + $3
             WHERE consumer = $1 AND position = $2 RETURNING attempts, error",
        );
        let claim = claim.bind(consumer).bind(integer(position)).bind(interval(lease));
        let row = claim.fetch_optional(&self.pool).await.context("claiming a delivery")?;
        row.map(|row| {
            let attempt = row.try_get::<i32, _>("attempts")?.cast_unsigned();
            Ok(Claim { attempt, last_error: row.try_get("error")? })
        })
        .transpose()
    }

    /// Says that the work goes on.
    pub async fn keep(&self, consumer: &str, position: u64, lease: Duration) -> Result<()> {
        self.sent(consumer, &[position], lease).await
    }

    /// Notes that messages were sent, or should still be with the bus, and are to be missed after `lease`.
    pub async fn sent(&self, consumer: &str, positions: &[u64], lease: Duration) -> Result<()> {
        let sent = sqlx::query(
            "UPDATE deliveries SET sent = true, due_at = now() + $3 WHERE consumer = $1 AND position = ANY ($2)",
        );
        let positions: Vec<_> = positions.iter().copied().map(integer).collect();
        let sent = sent.bind(consumer).bind(positions).bind(interval(lease));
        sent.execute(&self.pool).await.map(drop).context("noting that a delivery is with the bus")
    }

    /// Strikes out what is done.
    pub async fn finish(&self, consumer: &str, position: u64) -> Result<()> {
        let finish = sqlx::query("DELETE FROM deliveries WHERE consumer = $1 AND position = $2");
        let finish = finish.bind(consumer).bind(integer(position)).execute(&self.pool).await;
        finish.map(drop).context("striking out a delivery")
    }

    /// Has a message sent again after a pause, because handling the event failed.
    pub async fn retry(&self, consumer: &str, position: u64, pause: Duration, error: &str) -> Result<()> {
        let retry = sqlx::query(
            "UPDATE deliveries SET sent = false, due_at = now() + $3, error = $4 WHERE consumer = $1 AND position = $2",
        );
        let retry = retry.bind(consumer).bind(integer(position)).bind(interval(pause)).bind(error);
        retry.execute(&self.pool).await.map(drop).context("having a delivery repeated")
    }

    /// Has a message sent again, because something else than the event was to blame: this attempt does not count.
    pub async fn give_back(&self, consumer: &str, position: u64, reason: &str) -> Result<()> {
        let give_back = sqlx::query(
            "UPDATE deliveries SET attempts = greatest(attempts - 1, 0), sent = false, due_at = now(), error = $3
             WHERE consumer = $1 AND position = $2",
        );
        let give_back = give_back.bind(consumer).bind(integer(position)).bind(reason);
        give_back.execute(&self.pool).await.map(drop).context("giving a delivery back")
    }

    /// Sets an event aside that still stands here.
    pub async fn dead_letter(&self, consumer: &str, position: u64, error: &str) -> Result<()> {
        let park = sqlx::query(
            "WITH open AS (DELETE FROM deliveries WHERE consumer = $1 AND position = $2 RETURNING consumer, position)
             INSERT INTO parked (consumer, position, error) SELECT consumer, position, $3 FROM open
             ON CONFLICT (consumer, position) DO UPDATE SET error = excluded.error",
        );
        let park = park.bind(consumer).bind(integer(position)).bind(error).execute(&self.pool).await;
        park.map(drop).context("parking an event")
    }

    /// Gives a parked event back to its consumer; says whether there was one.
    pub async fn replay(&self, consumer: &str, position: u64) -> Result<bool> {
        let replay = sqlx::query(
            "WITH parked AS (DELETE FROM parked WHERE consumer = $1 AND position = $2 RETURNING consumer, position)
             INSERT INTO deliveries (consumer, position, sent, due_at) SELECT consumer, position, false, now() FROM parked
             ON CONFLICT (consumer, position) DO NOTHING",
        );
        let replay = replay.bind(consumer).bind(integer(position)).execute(&self.pool).await;
        replay.map(|done| done.rows_affected() > 0).context("giving back a parked event")
    }

    /// What needs a message now, oldest first: it was never sent, failed and has paused, or nothing was heard of it.
    pub async fn due(&self, limit: u32) -> Result<Vec<WorkItem>> {
        let due = sqlx::query(
            "SELECT consumer, position, sent FROM deliveries WHERE due_at <= now() ORDER BY due_at, position LIMIT $1",
        );
        let rows =
            due.bind(i64::from(limit)).fetch_all(&self.pool).await.context("looking for deliveries that are due")?;
        rows.iter().map(item).collect()
    }

    /// Has messages sent for everything that a consumer has to do, because its queue was lost.
    pub async fn send_again(&self, consumer: &str) -> Result<()> {
        let again = sqlx::query("UPDATE deliveries SET sent = false, due_at = now() WHERE consumer = $1");
        again.bind(consumer).execute(&self.pool).await.map(drop).context("having deliveries sent again")
    }

    /// How many deliveries are still to be done.
    pub async fn open(&self) -> Result<u64> {
        let open: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries").fetch_one(&self.pool).await?;
        Ok(open.cast_unsigned())
    }

    /// Moves checkpoints forward, all to one position.
    pub async fn advance(&self, checkpoints: &[&str], position: u64) -> Result<()> {
        let advance = sqlx::query(
            "INSERT INTO checkpoints (consumer, position) SELECT unnest($1::text[]), $2
             ON CONFLICT (consumer) DO UPDATE SET position = excluded.position
             WHERE excluded.position > checkpoints.position",
        );
        let advance = advance.bind(checkpoints).bind(integer(position)).execute(&self.pool).await;
        advance.map(drop).context("moving checkpoints")
    }
}

fn item(row: &PgRow) -> Result<WorkItem> {
    Ok(WorkItem {
        consumer: row.try_get("consumer")?,
        position: row.try_get::<i64, _>("position")?.cast_unsigned(),
        sent: row.try_get("sent")?,
    })
}

fn interval(duration: Duration) -> PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}
