//! What a report is computed from, and why there may be none.

use domain::dataset::{Column, Overlap, Shape};
use domain::report::{DatasetRevision, Segment};
use domain::{DatasetId, ReportId, StoreId};
use projections::FrameId;

/// A dataset that a report is about.
#[derive(Clone, Debug)]
pub struct ReportDataset {
    /// The dataset under a revision of its roles.
    pub dataset: DatasetRevision,
    /// The store that it belongs to.
    pub store_id: StoreId,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// What its rows are.
    pub shape: Shape,
    /// Its columns in file order, with their roles.
    pub columns: Vec<Column>,
    /// With which datasets it has orders in common, when that is known.
    pub overlaps: Option<Vec<Overlap>>,
}

impl ReportDataset {
    /// The name of a frame of the dataset under its revision.
    pub(crate) fn frame(&self, name: fn(DatasetId, u32) -> FrameId) -> FrameId {
        name(self.dataset.dataset_id, self.dataset.revision)
    }
}

/// A report whose segments the new ones shall follow.
#[derive(Clone, Debug)]
pub struct EarlierReport {
    /// The report.
    pub report_id: ReportId,
    /// Its segments.
    pub segments: Vec<Segment>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// The datasets do not hold what the question needs: a sentence for a person.
    #[error("{0}")]
    Unanswerable(String),
    /// Something broke; another attempt may succeed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}
