//! How databases are opened, and a new one on each engine for the tests of what is kept in them.

use migrations::DatabaseOptions;
use migrations::testing::FreshPostgres;
use tempfile::TempDir;
use url::Url;

use super::database::Database;

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
pub(crate) async fn databases() -> [(Kept, Database); 2] {
    let (folder, postgres) = (tempfile::tempdir().unwrap(), FreshPostgres::new().await);
    let open = async |url: Url| Database::open(&url, &DatabaseOptions::default()).await.unwrap();
    let (one, other) = (open(sqlite_in(&folder)).await, open(postgres.url.clone()).await);
    [(Kept::Folder(folder), one), (Kept::Server(postgres), other)]
}

#[expect(dead_code, reason = "held until the test ends")]
pub(crate) enum Kept {
    Folder(TempDir),
    Server(FreshPostgres),
}

fn sqlite_in(folder: &TempDir) -> Url {
    format!("sqlite://{}/events.sqlite", folder.path().display()).parse().unwrap()
}
