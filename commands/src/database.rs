//! The database seam: the closed set of engines that can hold the events and what belongs to them.
//! The SQL of each engine stands in a module of its own.

use anyhow::{Result, bail};
use url::Url;

use crate::sqlite::Sqlite;

/// Where the write side keeps its data.
#[derive(Clone)]
pub(crate) enum Database {
    /// One file, one process, nothing to install.
    Sqlite(Sqlite),
}

impl Database {
    /// Opens the database that a URL names and brings its tables up to date.
    ///
    /// # Errors
    /// When the scheme is not supported or the database cannot be opened.
    pub async fn open(url: &Url) -> Result<Self> {
        match url.scheme() {
            "sqlite" => Ok(Self::Sqlite(Sqlite::open(url).await?)),
            other => bail!("the event store URL begins with '{other}:'; supported is sqlite:///<path of a file>"),
        }
    }

    /// Fails when the database does not answer.
    pub async fn check(&self) -> Result<()> {
        match self {
            Self::Sqlite(sqlite) => sqlite.check().await,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn names_what_is_supported_when_it_cannot_open_a_url() {
        let error = Database::open(&"mysql://localhost/events".parse().unwrap()).await.err().unwrap();
        assert!(error.to_string().contains("supported is sqlite:"), "{error}");
        let error = Database::open(&"sqlite://relative/events".parse().unwrap()).await.err().unwrap();
        assert!(error.to_string().contains("sqlite:///<absolute path>"), "{error}");
    }

    /// A new database in a folder of its own.
    pub async fn database() -> (TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/events.sqlite", folder.path().display());
        let database = Database::open(&url.parse().unwrap()).await.unwrap();
        (folder, database)
    }
}
