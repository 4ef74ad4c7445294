//! The names of all frames: what they hold, and which dataset or report they go with.

use std::sync::Arc;

use domain::{DatasetId, ReportId};

/// Names a frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FrameId(Arc<str>);

impl FrameId {
    /// The rows of a dataset.
    pub fn rows(id: DatasetId) -> Self {
        Self::within_dataset(id, "rows")
    }

    /// The lines of a dataset's file that could not be read.
    pub fn rejects(id: DatasetId) -> Self {
        Self::within_dataset(id, "rejects")
    }

    /// The orders of a dataset under a revision of its roles.
    pub fn orders(id: DatasetId, revision: u32) -> Self {
        Self::within_dataset(id, &format!("orders-{revision}"))
    }

    /// The shoppers of a dataset under a revision of its roles.
    pub fn shoppers(id: DatasetId, revision: u32) -> Self {
        Self::within_dataset(id, &format!("shoppers-{revision}"))
    }

    /// What is in each order of a dataset under a revision of its roles: rows of the other frames by their places.
    pub fn sales(id: DatasetId, revision: u32) -> Self {
        Self::within_dataset(id, &format!("sales-{revision}"))
    }

    /// The items that a dataset's orders consist of, under a revision of its roles.
    pub fn items(id: DatasetId, revision: u32) -> Self {
        Self::within_dataset(id, &format!("items-{revision}"))
    }

    /// Which shopper belongs to which segment of a report.
    pub fn assignments(id: ReportId) -> Self {
        Self(format!("{}/assignments", Self::folder_of_report(id)).into())
    }

    /// Which shopper moved where from an earlier report to a later one, which it belongs to.
    pub fn changes(later: ReportId, earlier: ReportId) -> Self {
        Self(format!("{}/changes-since-{earlier}", Self::folder_of_report(later)).into())
    }

    /// What the names of all frames of a dataset begin with.
    pub(super) fn folder_of_dataset(id: DatasetId) -> String {
        format!("datasets/{id}")
    }

    /// What the names of all frames of a report begin with.
    pub(super) fn folder_of_report(id: ReportId) -> String {
        format!("reports/{id}")
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn within_dataset(id: DatasetId, name: &str) -> Self {
        Self(format!("{}/{name}", Self::folder_of_dataset(id)).into())
    }
}

impl std::fmt::Display for FrameId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
