//! What is decided about a dataset, as its events say.

use serde::{Deserialize, Serialize};

use super::column::Column;
use super::event::DatasetEvent;
use super::roles::assign_roles;

/// What is decided about a dataset.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Dataset {
    pub(super) status: DatasetLifecycle,
    /// Counts the assignments of roles; what was aggregated belongs to one of them.
    pub(super) revision: u32,
    /// The revision whose shoppers are known.
    pub(super) aggregated: Option<u32>,
    /// The revision whose orders were compared with those of other datasets.
    pub(super) compared: Option<u32>,
    pub(super) columns: Vec<Column>,
    pub(super) version: u64,
    /// The version since which the columns mean what they do.
    pub(super) assigned: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DatasetLifecycle {
    #[default]
    Unknown,
    Ready,
    Rejected,
    Deleted,
}

impl Dataset {
    /// Whether it was decided what the upload is: made, rejected or deleted.
    pub fn is_decided(&self) -> bool {
        self.status != DatasetLifecycle::Unknown
    }

    /// Whether its shoppers have been aggregated under this revision of the roles, or never will be.
    pub fn is_aggregated(&self, revision: u32) -> bool {
        self.status != DatasetLifecycle::Ready || revision != self.revision || self.aggregated == Some(revision)
    }

    /// Whether its orders have been compared under this revision of the roles, or never will be.
    pub fn is_compared(&self, revision: u32) -> bool {
        self.status != DatasetLifecycle::Ready || revision != self.revision || self.compared == Some(revision)
    }

    /// The columns with their roles now.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(super) fn evolve(&mut self, event: DatasetEvent) {
        self.version += 1;
        match event {
            DatasetEvent::DatasetCreated(new) => {
                self.status = DatasetLifecycle::Ready;
                self.aggregated = Some(0);
                self.assigned = self.version;
                self.columns = new.columns;
            }
            DatasetEvent::DatasetRejected { .. } => self.status = DatasetLifecycle::Rejected,
            DatasetEvent::ColumnRolesAssigned { revision, roles } => {
                self.revision = revision;
                self.assigned = self.version;
                assign_roles(&mut self.columns, &roles);
            }
            DatasetEvent::ShoppersAggregated { revision, .. } => self.aggregated = Some(revision),
            DatasetEvent::OrdersCompared { revision, .. } => self.compared = Some(revision),
            DatasetEvent::DatasetDeleted { .. } => self.status = DatasetLifecycle::Deleted,
        }
    }
}
