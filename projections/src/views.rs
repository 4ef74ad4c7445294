//! The views seam: what the log says, folded into rows that answer questions. A view is never changed by anything
//! but an event, and its checkpoint moves in the same transaction as its rows.

mod api_keys;
mod batch;
mod customers;
mod datasets;
mod fold;
mod members;
mod notifications;
mod postgres;
mod queries;
mod report_summaries;
mod reports;
mod row;
mod sqlite;
mod store_roles;
mod stores;
mod uploads;
mod users;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod given;
#[cfg(test)]
mod histories;

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use domain::Recorded;
use migrations::DatabaseOptions;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use api_keys::ApiKeyRow;
pub use customers::CustomerRow;
pub use datasets::{DatasetFilter, DatasetRow};
pub use members::MemberRow;
pub use notifications::{About, News, NewsKind, NotificationRow};
pub use postgres::PostgresViews;
pub use report_summaries::ReportSummary;
pub use reports::{ReportRow, ReportStatus};
pub use row::{Page, Row};
pub use sqlite::SqliteViews;
pub use stores::{StoreFilter, StoreRow};
pub use uploads::{UploadFilter, UploadRow, UploadStatus};
pub use users::UserRow;

use batch::Batch;
use fold::Fact;
use store_roles::StoreRolesRow;

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

/// Does the same on whichever engine it is.
macro_rules! on_engine {
    ($views:expr, $engine:ident => $work:expr) => {
        match $views {
            Views::Sqlite($engine) => $work,
            Views::Postgres($engine) => $work,
        }
    };
}
use on_engine;

/// Names the checkpoint of the consumer that folds events into the views.
const CONSUMER: &str = "project";

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

    /// Folds events into every view and moves the checkpoint, all in one transaction. Events that are folded
    /// already are left out, so a batch may be repeated. Returns the new checkpoint.
    ///
    /// # Errors
    /// When positions are missing before or among the events, when an event cannot be decoded (its position is
    /// named), or when the database fails. Nothing is changed then.
    pub async fn apply(&self, events: &[Recorded]) -> Result<u64> {
        let mut batch = self.begin().await?;
        let checkpoint = batch.checkpoint().await?;
        let events = following(events, checkpoint)?;
        let Some(position) = events.last().map(|event| event.position) else { return Ok(checkpoint) };
        let facts = events.into_iter().map(Fact::of).collect::<Result<Vec<_>>>()?;
        fold::fold(&mut batch, &facts).await?;
        batch.commit(position).await?;
        self.publish(position);
        Ok(position)
    }

    /// Moves the checkpoint past an event that cannot be folded. A position that is passed already is left alone.
    ///
    /// # Errors
    /// When it is not the next event, or the database fails.
    pub async fn skip(&self, position: u64) -> Result<()> {
        let mut batch = self.begin().await?;
        let checkpoint = batch.checkpoint().await?;
        if position <= checkpoint {
            return Ok(());
        }
        ensure!(position == checkpoint + 1, "cannot skip position {position} while the views are at {checkpoint}");
        batch.commit(position).await?;
        self.publish(position);
        Ok(())
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

    /// Empties every view and the checkpoint in one transaction; the log can be folded again from the start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rebuild(&self) -> Result<()> {
        let mut batch = self.begin().await?;
        // Waits for whoever folds, and keeps the next from beginning.
        batch.checkpoint().await?;
        batch.clear().await?;
        batch.commit(0).await?;
        self.publish(0);
        Ok(())
    }

    /// Every row of every view in a fixed order: equal exactly when the views are equal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dump(&self) -> Result<String> {
        on_engine!(self, views => views.dump().await)
    }

    /// Hears what other processes fold, until shutdown. SQLite has no other processes.
    pub async fn follow(&self, shutdown: CancellationToken) {
        if let Self::Postgres(views) = self {
            views.follow(shutdown).await;
        }
    }

    async fn begin(&self) -> Result<Batch> {
        Ok(match self {
            Self::Sqlite(views) => Batch::Sqlite(views.begin().await?),
            Self::Postgres(views) => Batch::Postgres(views.begin().await?),
        })
    }

    fn publish(&self, position: u64) {
        on_engine!(self, views => views.positions.send_replace(position));
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<()> {
        self.checkpoint().await.map(|_| ())
    }
}

/// The events after the checkpoint, which must come without a gap.
fn following(events: &[Recorded], checkpoint: u64) -> Result<Vec<&Recorded>> {
    let events: Vec<_> = events.iter().filter(|event| event.position > checkpoint).collect();
    let mut last = checkpoint;
    for event in &events {
        let position = event.position;
        ensure!(position == last + 1, "the event at position {position} cannot follow the one at position {last}");
        last = position;
    }
    Ok(events)
}
