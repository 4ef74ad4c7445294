//! The read side: views, dataframes and cache. Folds events, answers queries.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cache;
pub mod frames;
mod progress;
mod views;

pub use cache::Cache;
pub use frames::{FrameId, Frames, Manifest};
pub use progress::{Progress, UploadProgress};
pub use views::{
    CustomerRow, DatasetFilter, DatasetRow, MemberRow, Page, ReportRow, ReportStatus, ReportSummary, Row, StoreFilter,
    StoreRow, UploadFilter, UploadRow, UploadStatus, UserRow, Views,
};
