//! The database seam: the closed set of engines that can hold the events and what belongs to them.
//! The SQL of each engine stands in a module of its own.

use anyhow::{Result, bail};
use migrations::DatabaseOptions;
use url::Url;

use crate::postgres::Postgres;
use crate::sqlite::Sqlite;

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
            $crate::database::Database::Sqlite($engine) => $work,
            $crate::database::Database::Postgres($engine) => $work,
        }
    };
}
pub(crate) use on_engine;

impl Database {
    /// Opens the database that a URL names.
    ///
    /// # Errors
    /// When the scheme is not supported, the database cannot be opened, or its tables are too old and may not be changed.
    pub async fn open(url: &Url, options: &DatabaseOptions) -> Result<Self> {
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
    pub async fn check(&self) -> Result<()> {
        on_engine!(self, engine => engine.check().await)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use migrations::testing::FreshPostgres;
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn names_what_is_supported_when_it_cannot_open_a_url() {
        for (url, reason) in [
            ("mysql://localhost/events", "supported are sqlite:"),
            ("sqlite://relative/events", "sqlite:///<absolute path>"),
            ("postgres://localhost:1/events", "opening the event store at localhost:1"),
        ] {
            let error = Database::open(&url.parse().unwrap(), &DatabaseOptions::default()).await.err().unwrap();
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[tokio::test]
    async fn old_tables_are_refused_when_they_may_not_be_changed() {
        let (folder, postgres) = (tempfile::tempdir().unwrap(), FreshPostgres::new().await);
        let frozen = DatabaseOptions { migrate: false, ..DatabaseOptions::default() };
        for url in [sqlite_in(&folder), postgres.url.clone()] {
            let error = Database::open(&url, &frozen).await.err().unwrap();
            assert!(error.to_string().contains("run `datacore migrate` first"), "{error:#}");
            Database::open(&url, &DatabaseOptions::default()).await.unwrap();
            Database::open(&url, &frozen).await.unwrap();
        }
    }

    /// A new database on each engine, and what keeps it.
    pub async fn databases() -> [(Kept, Database); 2] {
        let (folder, postgres) = (tempfile::tempdir().unwrap(), FreshPostgres::new().await);
        let open = async |url: Url| Database::open(&url, &DatabaseOptions::default()).await.unwrap();
        let (one, other) = (open(sqlite_in(&folder)).await, open(postgres.url.clone()).await);
        [(Kept::Folder(folder), one), (Kept::Server(postgres), other)]
    }

    #[expect(dead_code, reason = "held until the test ends")]
    pub enum Kept {
        Folder(TempDir),
        Server(FreshPostgres),
    }

    fn sqlite_in(folder: &TempDir) -> Url {
        format!("sqlite://{}/events.sqlite", folder.path().display()).parse().unwrap()
    }
}
