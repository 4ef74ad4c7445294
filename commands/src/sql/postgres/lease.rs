//! Work that one process does at a time, such as publishing the log: whoever holds an advisory lock, which PostgreSQL
//! gives back when the session ends, however its process ends.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::{sleep, timeout};

/// How often a stand-by tries. Waiting in the lock itself would keep a snapshot open, which holds back VACUUM.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// How often to make sure that the session lives.
const CHECK: Duration = Duration::from_secs(1);
/// A holder that hears nothing from the server for so long has lost it.
const SILENCE: Duration = Duration::from_secs(5);

/// Held as long as its connection lives.
pub struct Lease {
    pub(super) connection: PgConnection,
}

impl Lease {
    /// Waits until nobody else holds the lock of this number.
    pub(crate) async fn take(options: &PgConnectOptions, lock: i64) -> Result<Self> {
        let mut connection =
            migrations::postgres::connect_to_primary(options).await.context("connecting to take the lead")?;
        loop {
            let taken = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(lock).fetch_one(&mut connection);
            let taken = timeout(SILENCE, taken).await.context("the database does not answer")?;
            if taken.context("taking the lead")? {
                return Ok(Self { connection });
            }
            sleep(TRY_AGAIN).await;
        }
    }

    /// Ends only when the lease is lost.
    ///
    /// # Errors
    /// How it was lost.
    pub async fn lost(&mut self) -> Result<Infallible> {
        loop {
            sleep(CHECK).await;
            let answer = timeout(SILENCE, self.connection.ping()).await;
            answer.context("the database does not answer")?.context("losing the lead")?;
        }
    }
}
