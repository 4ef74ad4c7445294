//! The read side: views, dataframes and cache. Folds events, answers queries.
#![warn(unreachable_pub)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cache;
pub mod frames;
mod progress;
mod views;

use anyhow::Result;
use migrations::DatabaseOptions;
use url::Url;

pub use cache::Cache;
pub use frames::{FrameId, Frames, Manifest};
pub use progress::{Progress, UploadProgress};
pub use views::page::Page;
pub use views::rows::api_keys::ApiKeyRow;
pub use views::rows::customers::CustomerRow;
pub use views::rows::datasets::{DatasetFilter, DatasetRow};
pub use views::rows::members::MemberRow;
pub use views::rows::notifications::content::{NotificationContent, NotificationKind};
pub use views::rows::notifications::{NotificationRow, Subject};
pub use views::rows::report_summaries::ReportSummary;
pub use views::rows::reports::{ReportRow, ReportStatus};
pub use views::rows::stores::{StoreFilter, StoreRow};
pub use views::rows::uploads::{UploadFilter, UploadRow, UploadStatus};
pub use views::rows::users::UserRow;
pub use views::sql::Views;
pub use views::view::Row;

/// The whole read side.
#[derive(Clone)]
pub struct Projections {
    /// What the log says.
    pub views: Views,
    /// The dataframes.
    pub frames: Frames,
    /// What may be lost.
    pub cache: Cache,
    /// How far running work is; kept in the cache.
    pub progress: Progress,
}

impl Projections {
    /// Opens what the URLs name, and brings the tables of the views up to date.
    ///
    /// # Errors
    /// Names the part that cannot be opened.
    pub async fn open(views_url: &Url, frames_url: &Url, cache_url: &Url) -> Result<Self> {
        Self::open_with(views_url, frames_url, cache_url, &DatabaseOptions::default()).await
    }

    /// The same, with a say in how the database of the views is opened.
    ///
    /// # Errors
    /// As above, and when the tables are too old and may not be changed.
    pub async fn open_with(
        views_url: &Url,
        frames_url: &Url,
        cache_url: &Url,
        options: &DatabaseOptions,
    ) -> Result<Self> {
        let cache = Cache::open(cache_url)?;
        Ok(Self {
            views: Views::open_with(views_url, options).await?,
            frames: Frames::open(frames_url).await?,
            progress: Progress::new(cache.clone()),
            cache,
        })
    }
}
