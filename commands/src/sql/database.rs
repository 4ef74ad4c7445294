//! The database seam: the closed set of engines that can hold the events and what belongs to them.
//! The SQL of each engine stands in a module of its own.

use anyhow::{Result, bail};
use migrations::DatabaseOptions;
use url::Url;

use super::postgres::engine::Postgres;
use super::sqlite::engine::Sqlite;

/// Where the write side keeps its data.
#[derive(Clone)]
pub(crate) enum Database {
    /// One file, one process, nothing to install.
    Sqlite(Sqlite),
    /// A server that many processes share.
    Postgres(Postgres),
}

/// Does the same on whichever engine it is.
macro_rules! on_engine {
    ($database:expr, $engine:ident => $work:expr) => {
        match $database {
            $crate::sql::database::Database::Sqlite($engine) => $work,
            $crate::sql::database::Database::Postgres($engine) => $work,
        }
    };
}
pub(crate) use on_engine;

impl Database {
    /// Opens the database that a URL names.
    ///
    /// # Errors
    /// When the scheme is not supported, the database cannot be opened, or its tables are too old and may not be changed.
    pub(crate) async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        match url.scheme() {
            "sqlite" => Ok(Self::Sqlite(Sqlite::open(url, options).await?)),
            "postgres" | "postgresql" => Ok(Self::Postgres(Postgres::open(url, options).await?)),
            other => bail!(
                "the event store URL begins with '{other}:'; supported are sqlite:///<path of a file> and \
                 postgres://<user>@<host>/<database>"
            ),
        }
    }

    /// Fails when the database does not answer.
    pub(crate) async fn check(&self) -> Result<()> {
        on_engine!(self, engine => engine.check().await)
    }
}
