//! A dataset: the dataframe that was made from one upload.

mod column;
mod command;
mod event;
mod new_dataset;
mod roles;
mod state;
mod summary;

use crate::aggregate::aggregate;
use crate::validation::Invalid;

pub use column::{Column, ColumnRole, ColumnType};
pub use command::DatasetCommand;
pub use event::DatasetEvent;
pub use new_dataset::NewDataset;
pub use roles::{Roles, assign_roles, roles_of};
pub use state::Dataset;
pub use summary::{Overlap, Shape, ShopperSummary};

use roles::check_roles;
use state::DatasetLifecycle;

/// Why something cannot be done to a dataset.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DatasetError {
    /// There is no such dataset.
    #[error("there is no such dataset")]
    NotFound,
    /// It was deleted while it was being made.
    #[error("the dataset was deleted")]
    Deleted,
    /// Somebody else changed it since the caller looked.
    #[error("the dataset was changed by someone else")]
    Stale,
    /// The roles cannot be assigned like this.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Dataset {
    fn decide(&self, command: DatasetCommand) -> Result<Vec<DatasetEvent>, DatasetError> {
        use {DatasetCommand::*, DatasetEvent::*};
        match (self.status, command) {
            (DatasetLifecycle::Deleted, DeleteDataset { .. }) => Ok(vec![]),
            (_, DeleteDataset { upload_id }) => Ok(vec![DatasetDeleted { upload_id }]),
            (DatasetLifecycle::Deleted, _) => Err(DatasetError::Deleted),
            (DatasetLifecycle::Unknown, CreateDataset(new)) => Ok(vec![DatasetCreated(new)]),
            (DatasetLifecycle::Unknown, RejectDataset { upload_id, reason }) => {
                Ok(vec![DatasetRejected { upload_id, reason }])
            }
            (_, CreateDataset(_) | RejectDataset { .. }) => Ok(vec![]),
            (DatasetLifecycle::Ready, AssignColumnRoles { roles, expected_version }) => {
                self.assign(roles, expected_version)
            }
            (DatasetLifecycle::Ready, RecordShoppers { revision, shoppers }) => Ok(self.record(revision, shoppers)),
            (DatasetLifecycle::Ready, RecordOverlaps { revision, .. }) if self.is_compared(revision) => Ok(vec![]),
            (DatasetLifecycle::Ready, RecordOverlaps { revision, overlaps }) => {
                Ok(vec![OrdersCompared { revision, overlaps }])
            }
            (_, AssignColumnRoles { .. } | RecordShoppers { .. } | RecordOverlaps { .. }) => {
                Err(DatasetError::NotFound)
            }
        }
    }

    fn assign(&self, roles: Roles, expected: Option<u64>) -> Result<Vec<DatasetEvent>, DatasetError> {
        // What was only counted since then does not make the caller's view of the columns stale.
        if expected.is_some_and(|version| !(self.assigned..=self.version).contains(&version)) {
            return Err(DatasetError::Stale);
        }
        check_roles(&self.columns, &roles)?;
        if roles == roles_of(&self.columns) {
            return Ok(vec![]);
        }
        Ok(vec![DatasetEvent::ColumnRolesAssigned { revision: self.revision + 1, roles }])
    }

    fn record(&self, revision: u32, shoppers: Result<ShopperSummary, String>) -> Vec<DatasetEvent> {
        if revision != self.revision || self.aggregated == Some(revision) {
            return vec![];
        }
        vec![DatasetEvent::ShoppersAggregated { revision, shoppers }]
    }
}

aggregate!(Dataset, DatasetCommand, DatasetEvent, DatasetError);

#[cfg(test)]
mod tests;
