//! What happens to a dataset, as it is stored and published.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::column::ColumnRole;
use super::new_dataset::NewDataset;
use super::roles::Roles;
use super::summary::{Outcome, Overlap, ShopperSummary};
use crate::ids::UploadId;

/// What happened to a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames)]
pub enum DatasetEvent {
    /// The upload was read.
    DatasetCreated(Box<NewDataset>),
    /// The upload cannot be read.
    DatasetRejected {
        /// The upload.
        upload_id: UploadId,
        /// What is wrong, for a person.
        reason: String,
    },
    /// Somebody said what the columns mean.
    ColumnRolesAssigned {
        /// Counts the assignments.
        revision: u32,
        /// The meaning of the columns.
        #[schema(value_type = BTreeMap<String, ColumnRole>)]
        roles: Roles,
    },
    /// The shoppers were aggregated anew.
    ShoppersAggregated {
        /// The revision of the roles.
        revision: u32,
        /// The shoppers, or why there are none.
        #[schema(value_type = Outcome)]
        shoppers: Result<ShopperSummary, String>,
    },
    /// The orders were compared with those of the datasets that the store had by then.
    OrdersCompared {
        /// The revision of the roles.
        revision: u32,
        /// The datasets with common orders; empty when there are none.
        overlaps: Vec<Overlap>,
    },
    /// The dataset is gone.
    DatasetDeleted {
        /// The upload it belonged to.
        upload_id: UploadId,
    },
}
