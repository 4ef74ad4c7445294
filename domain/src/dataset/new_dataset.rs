//! Everything known about a dataset when it is made.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::column::{Column, ColumnRole};
use super::roles::Roles;
use super::summary::{Outcome, ShopperSummary};
use crate::csv_dialect::{Dialect, Question};
use crate::ids::{CustomerId, StoreId, UploadId};

/// Everything known about a dataset when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewDataset {
    /// The upload it was made from.
    pub upload_id: UploadId,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// The store whose purchases it holds.
    pub store_id: StoreId,
    /// Rows that were read.
    pub row_count: u64,
    /// Rows that were left out; the rejects frame says why.
    pub rejected_row_count: u64,
    /// Rows that say the same as an earlier one in every column. They count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated_row_count: Option<u64>,
    /// The text encoding, such as `UTF-8`.
    pub encoding: String,
    /// The separator of the fields, such as `,`.
    pub delimiter: String,
    /// How the file is written and how sure that is; unknown of datasets from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// What the content leaves open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// The columns in file order.
    pub columns: Vec<Column>,
    /// The shoppers, or why there are none: then no report can use the dataset until roles are assigned.
    #[schema(value_type = Outcome)]
    pub shoppers: Result<ShopperSummary, String>,
    /// The roles of earlier files of the store that it was read with, so that it can be read alike again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, ColumnRole>>)]
    pub remembered: Option<Roles>,
}
