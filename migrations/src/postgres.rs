//! How a database on a server is opened: on the primary, with limits on what a connection that hangs can hold up.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sqlx::migrate::Migrate;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor};
use url::Url;

use crate::migrate;
use crate::options::DatabaseOptions;
use crate::tables::Tables;

/// How long a request waits for a connection before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was idle for longer is asked whether it lives. Asking each time would cost a round trip per statement.
const MAY_BE_DEAD_AFTER: Duration = Duration::from_secs(1);
/// Limits of every session.
const SESSION: [(&str, &str); 8] = [
    // A transaction that was begun and left alone holds back the order of all events, also of those in another database.
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

/// Opens the database that `postgres://…` names, and creates the schema of some tables when it is missing.
///
/// # Errors
/// When the server does not answer or cannot be written to, or the tables are too old and may not be changed.
pub async fn open(url: &Url, tables: Tables, database: &DatabaseOptions) -> Result<PgPool> {
    let options = connect_options(url, tables)?;
    let server = format!("{}:{}", options.get_host(), options.get_port());
    let failed = || format!("opening {tables} at {server}");
    let mut connection = connect_to_primary(&options).await.with_context(failed)?;
    migrate_schema(&mut connection, tables, database.migrate).await?;
    connection.close().await.with_context(failed)?;
    Ok(pool(database.connections).connect_lazy_with(options))
}

/// A connection to a server that can be written to.
///
/// # Errors
/// When the server does not answer or is a stand-by.
pub async fn connect_to_primary(options: &PgConnectOptions) -> Result<PgConnection> {
    let mut connection = options.connect().await?;
    let stands_by: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await?;
    ensure!(!stands_by, "this server is in recovery: it is a stand-by and cannot be written to; name the primary");
    Ok(connection)
}

/// Connections that are made when they are needed, and again after the server was away.
pub fn pool(connections: u32) -> PgPoolOptions {
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

/// What a URL says, and the limits of every session.
fn connect_options(url: &Url, tables: Tables) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url.as_str());
    let options = options.with_context(|| format!("reading the URL of {tables}"))?;
    let named = options.get_application_name().is_some();
    let options = if named { options } else { options.application_name("datacore") };
    let options = options.options([("search_path", tables.schema())]).options(SESSION);
    Ok(if tables.are_durable() { options } else { options.options([("synchronous_commit", "off")]) })
}

/// Creates the schema and its tables, one process at a time.
async fn migrate_schema(connection: &mut PgConnection, tables: Tables, apply: bool) -> Result<()> {
    let migrations = tables.in_postgres();
    if !apply {
        return migrate::migrate(connection, migrations, tables, false).await;
    }
    let failed = || format!("creating the schema of {tables}");
    connection.execute("SET statement_timeout = 0; SET lock_timeout = 0").await.with_context(failed)?;
    // The migrator takes the same advisory lock once more; both go with the connection at the latest.
    connection.lock().await.with_context(failed)?;
    let schema = format!("CREATE SCHEMA IF NOT EXISTS {}", tables.schema());
    connection.execute(&*schema).await.with_context(failed)?;
    migrate::migrate(connection, migrations, tables, true).await?;
    connection.unlock().await.with_context(failed)
}
