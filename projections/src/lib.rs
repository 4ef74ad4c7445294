//! The read side: views, dataframes and cache. Folds events, answers queries.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cache;
pub mod frames;
#[cfg(test)]
#[path = "../../commands/tests/it/fresh_postgres.rs"]
mod fresh_postgres;
mod progress;
#[cfg(test)]
mod servers;
mod views;

use anyhow::Result;
use url::Url;

pub use cache::Cache;
pub use frames::{FrameId, Frames, Manifest};
pub use progress::{Progress, UploadProgress};
pub use views::{
    CustomerRow, DatabaseOptions, DatasetFilter, DatasetRow, MemberRow, Page, ReportRow, ReportStatus, ReportSummary,
    Row, StoreFilter, StoreRow, UploadFilter, UploadRow, UploadStatus, UserRow, Views,
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
    /// Opens what the URLs name.
    ///
    /// # Errors
    /// Names the part that cannot be opened.
    pub async fn open(views_url: &Url, frames_url: &Url, cache_url: &Url) -> Result<Self> {
        let cache = Cache::open(cache_url)?;
        Ok(Self {
            views: Views::open(views_url).await?,
            frames: Frames::open(frames_url).await?,
            progress: Progress::new(cache.clone()),
            cache,
        })
    }
}
