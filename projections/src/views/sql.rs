//! The databases that hold the views, and how they are opened, read and written.

mod postgres;
mod selection;
mod shared;
mod sqlite;
mod stored;
mod transaction;

use std::time::Duration;

use anyhow::{Result, bail};
use migrations::DatabaseOptions;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use postgres::PostgresViews;
use sqlite::SqliteViews;

pub(super) use selection::Selection;
pub(super) use stored::{CONSUMER, StoredRow};
pub(super) use transaction::ViewTransaction;

/// How long to wait without being woken before looking at the checkpoint: the projector may be another process.
const POLL: Duration = Duration::from_millis(100);

/// Where the views are kept. Reading fails only when the database does, or when a stored row cannot be read.
#[derive(Clone)]
pub enum Views {
    /// In one SQLite file.
    Sqlite(SqliteViews),
    /// On a PostgreSQL server that many processes share.
    Postgres(PostgresViews),
}

/// Does the same on whichever engine it is; what stands there once is compiled for each.
macro_rules! on_engine {
    ($views:expr, $engine:ident => $work:expr) => {
        match $views {
            $crate::views::sql::Views::Sqlite($engine) => $work,
            $crate::views::sql::Views::Postgres($engine) => $work,
        }
    };
}
pub(super) use on_engine;

impl Views {
    /// Opens the views that a URL names, such as `sqlite:///var/lib/datacore/views.sqlite`, and brings their tables up
    /// to date.
    ///
    /// # Errors
    /// When the scheme is not supported or the database cannot be opened.
    pub async fn open(url: &Url) -> Result<Self> {
        Self::open_with(url, &DatabaseOptions::default()).await
    }

    /// The same, with a say in how the database is opened.
    ///
    /// # Errors
    /// As above, and when the tables are too old and may not be changed.
    pub async fn open_with(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        match url.scheme() {
            "sqlite" => Ok(Self::Sqlite(SqliteViews::open(url, options).await?)),
            "postgres" | "postgresql" => Ok(Self::Postgres(PostgresViews::open(url, options).await?)),
            other => bail!("the views URL begins with '{other}:'; supported are sqlite: and postgres:"),
        }
    }

    /// The position of the last event that is folded; 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checkpoint(&self) -> Result<u64> {
        on_engine!(self, views => views.checkpoint().await)
    }

    /// The checkpoint as this process knows it. Another process may be ahead of it.
    pub fn positions(&self) -> watch::Receiver<u64> {
        on_engine!(self, views => views.positions.subscribe())
    }

    /// Waits until an event is folded, and says whether it was in time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wait_for(&self, position: u64, within: Duration) -> Result<bool> {
        let mut positions = self.positions();
        let reached = async {
            while *positions.borrow() < position && self.checkpoint().await? < position {
                // Whatever ends this pause, the checkpoint is looked at again.
                let _ = timeout(POLL, positions.wait_for(|reached| *reached >= position)).await;
            }
            Ok(())
        };
        timeout(within, reached).await.map_or(Ok(false), |reached| reached.map(|()| true))
    }

    /// Hears what other processes fold, until shutdown. SQLite has no other processes.
    pub async fn follow(&self, shutdown: CancellationToken) {
        if let Self::Postgres(views) = self {
            views.follow(shutdown).await;
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<()> {
        self.checkpoint().await.map(|_| ())
    }

    /// Begins to write; nobody else writes until the transaction ends.
    pub(super) async fn begin(&self) -> Result<ViewTransaction> {
        Ok(match self {
            Self::Sqlite(views) => ViewTransaction::Sqlite(views.begin().await?),
            Self::Postgres(views) => ViewTransaction::Postgres(views.begin().await?),
        })
    }

    /// Wakes who waits in this process.
    pub(super) fn publish(&self, position: u64) {
        on_engine!(self, views => views.positions.send_replace(position));
    }
}
