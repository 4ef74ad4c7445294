//! What a caller asks for: a report with what it leaves open.

use chrono::NaiveDate;
use domain::report::{Algorithm, ClusterCount, Features, Scale};
use domain::{DatasetId, StoreId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question about the shoppers of some datasets. Everything has a default.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReport {
    /// Only datasets of these stores.
    pub(super) store_ids: Option<Vec<StoreId>>,
    /// Only these datasets; by default every ready one.
    pub(super) dataset_ids: Option<Vec<DatasetId>>,
    /// What the shoppers are compared by: `"rfm"` or `{"purchases": [habits]}` for purchases, `{"columns": […]}` for
    /// shopper tables.
    pub(super) features: Option<Features>,
    #[serde(default)]
    pub(super) scale: Scale,
    #[serde(default)]
    pub(super) algorithm: Algorithm,
    #[serde(default)]
    #[schema(value_type = ClusterCount)]
    pub(super) clusters: ClusterCount,
    /// DBSCAN: the radius of a neighbourhood.
    pub(super) epsilon: Option<f64>,
    /// DBSCAN: how many shoppers make it dense.
    #[schema(minimum = 2)]
    pub(super) min_points: Option<u32>,
    /// The day from which recency counts; by default the day after the last purchase.
    pub(super) as_of: Option<NaiveDate>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    pub(super) seed: u64,
}
