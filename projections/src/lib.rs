//! The read side: views, dataframes and cache. Folds events, answers queries.
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
pub use views::{
    About, ApiKeyRow, CustomerRow, DatasetFilter, DatasetRow, MemberRow, News, NewsKind, NotificationRow, Page,
    ReportRow, ReportStatus, ReportSummary, Row, StoreFilter, StoreRow, UploadFilter, UploadRow, UploadStatus, UserRow,
    Views,
};

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
