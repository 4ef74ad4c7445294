//! How connections to PostgreSQL are made: to the primary, with limits on what one that hangs can hold up.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sqlx::migrate::Migrate;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor};
use url::Url;

/// The schema of the tables; the views may stand in the same database, in a schema of their own.
const SCHEMA: &str = "events";
/// How long a request waits for a connection before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was idle for longer is asked whether it lives. Asking each time would cost a round trip per statement.
const MAY_BE_DEAD_AFTER: Duration = Duration::from_secs(1);
const SESSION: [(&str, &str); 9] = [
    ("search_path", SCHEMA),
    // A transaction that was begun and left alone holds back the order of all events.
    ("idle_in_transaction_session_timeout", "10s"),
    ("lock_timeout", "10s"),
    ("statement_timeout", "60s"),
    // A process whose machine is gone loses its locks, among them leadership, within 4 s.
    ("tcp_keepalives_idle", "2"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "2"),
    // And one that was killed in the middle of a statement.
    ("client_connection_check_interval", "1s"),
    // Statements are short; compiling them costs more than running them.
    ("jit", "off"),
];

/// What a URL says, and the limits of every session.
pub(super) fn options(url: &Url) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url.as_str()).context("reading the URL of the event store")?;
    let named = options.get_application_name().is_some();
    let options = if named { options } else { options.application_name("datacore") };
    Ok(options.options(SESSION))
}

/// A connection to a server that can be written to.
pub(super) async fn primary(options: &PgConnectOptions) -> Result<PgConnection> {
    let mut connection = options.connect().await?;
    let stands_by: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await?;
    ensure!(!stands_by, "this server is in recovery: it is a stand-by and cannot be written to; name the primary");
    Ok(connection)
}

/// Creates the schema and its tables, one process at a time.
pub(super) async fn migrate(connection: &mut PgConnection, apply: bool) -> Result<()> {
    let migrations = sqlx::migrate!("../migrations/postgres/events");
    if !apply {
        return super::migrate(connection, migrations, false).await;
    }
    let failed = || "creating the schema of the event store";
    connection.execute("SET statement_timeout = 0; SET lock_timeout = 0").await.with_context(failed)?;
    // The migrator takes the same advisory lock once more; both go with the connection at the latest.
    connection.lock().await.with_context(failed)?;
    connection.execute(&*format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}")).await.with_context(failed)?;
    super::migrate(connection, migrations, true).await?;
    connection.unlock().await.with_context(failed)
}

/// Connections that are made when they are needed, and again after the server was away.
pub(super) fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for > MAY_BE_DEAD_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}
