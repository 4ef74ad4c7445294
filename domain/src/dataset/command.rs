//! What can be asked of a dataset.

use super::new_dataset::NewDataset;
use super::roles::Roles;
use super::summary::{Overlap, ShopperSummary};
use crate::ids::UploadId;

/// What can be asked of a dataset.
#[derive(Clone, Debug)]
pub enum DatasetCommand {
    /// Takes the result of reading an upload.
    CreateDataset(Box<NewDataset>),
    /// Says that an upload cannot be read.
    RejectDataset {
        upload_id: UploadId,
        /// What is wrong with the file and what to do, for a person.
        reason: String,
    },
    /// Says what the columns mean.
    AssignColumnRoles {
        /// The new meaning of all columns.
        roles: Roles,
        /// The version that the caller has seen, if it cares.
        expected_version: Option<u64>,
    },
    /// Takes the result of aggregating the shoppers under a revision of the roles.
    RecordShoppers {
        /// The revision of the roles that was aggregated.
        revision: u32,
        /// The shoppers, or why there are none.
        shoppers: Result<ShopperSummary, String>,
    },
    /// Takes what the orders under a revision of the roles have in common with other datasets of the store.
    RecordOverlaps {
        /// The revision of the roles.
        revision: u32,
        /// The datasets with common orders.
        overlaps: Vec<Overlap>,
    },
    /// Removes the dataset, also before it was made.
    DeleteDataset {
        /// The upload it belongs to.
        upload_id: UploadId,
    },
}
