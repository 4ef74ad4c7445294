//! What a report says of the shoppers.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{DatasetId, ReportId, StoreId};

/// How good a partition is. What cannot be computed for it is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quality {
    /// Mean silhouette (Rousseeuw 1987), -1 to 1, higher is better.
    pub silhouette: Option<f64>,
    /// Davies-Bouldin index (1979), 0 or more, lower is better.
    pub davies_bouldin: Option<f64>,
    /// Calinski-Harabasz index (1974), higher is better.
    pub calinski_harabasz: Option<f64>,
    /// Mean adjusted Rand index (Hubert and Arabie 1985) of partitions of bootstrap samples with this one.
    pub stability: Option<f64>,
    /// Sum of squared distances to the centroids, in the space that was clustered.
    pub inertia: Option<f64>,
}

/// A number of clusters that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// The number of clusters.
    pub clusters: u32,
    /// How good the partition is.
    #[serde(flatten)]
    pub quality: Quality,
    /// The size of its smallest cluster.
    pub smallest: u64,
    /// Whether the report uses it.
    pub chosen: bool,
    /// Why it was chosen or not.
    pub reason: String,
}

/// A product that a segment buys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopProduct {
    /// Its name or number as in the file.
    pub product: String,
    /// Pieces bought by the segment.
    pub quantity: f64,
    /// Money spent on it by the segment.
    pub revenue: f64,
    /// How many shoppers of the segment bought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyers: Option<u64>,
    /// How much likelier a shopper of the segment bought it than any shopper: 1 is as likely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift: Option<f64>,
}

/// What a store has of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoreShare {
    /// The store.
    pub store_id: StoreId,
    /// Which part of the segment's money was spent there, 0 to 1.
    pub revenue_share: f64,
}

/// A group of shoppers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Segment {
    /// Its place in the report, from 0, by falling revenue.
    pub index: u32,
    /// Its name in plain words.
    pub name: String,
    /// One sentence on what its shoppers are like.
    pub description: String,
    /// A suggested action.
    pub action: String,
    /// How many shoppers.
    pub size: u64,
    /// Their share of all shoppers, 0 to 1.
    pub share: f64,
    /// What they spent; absent in a shopper table.
    pub revenue: Option<f64>,
    /// Their share of all revenue, 0 to 1.
    pub revenue_share: Option<f64>,
    /// The mean of each feature in the space that was clustered, in original units.
    pub centroid: BTreeMap<String, f64>,
    /// The median of each feature in original units.
    pub median: BTreeMap<String, f64>,
    /// What they buy more than others do, of the best-selling products, by falling lift.
    pub top_products: Vec<TopProduct>,
    /// Where they buy, when the report is about several stores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<StoreShare>,
}

/// A cell group of the classic RFM grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RfmGroup {
    /// The name of its cells, such as `champions`.
    pub name: String,
    /// How many shoppers.
    pub size: u64,
    /// Their share of all shoppers, 0 to 1.
    pub share: f64,
    /// Their share of all revenue, 0 to 1.
    pub revenue_share: f64,
}

/// How one feature was brought into the space that was clustered: `(f(x) - mean) / deviation`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scaling {
    /// The feature.
    pub feature: String,
    /// Whether f is `log1p`; otherwise the identity.
    pub log1p: bool,
    /// Mean of f(x); 0 when not standardised.
    pub mean: f64,
    /// Population standard deviation of f(x); 1 when not standardised.
    pub deviation: f64,
}

/// A component of a Gaussian mixture, in the space that was clustered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Component)]
pub struct MixtureComponent {
    /// The segment that it is.
    pub segment: u32,
    /// Its share, 0 to 1.
    pub weight: f64,
    /// Its centre.
    pub mean: Vec<f64>,
    /// Its covariances, row after row.
    pub covariance: Vec<f64>,
}

/// A file that a report was made from, by its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceDataset {
    /// The dataset.
    pub dataset_id: DatasetId,
    /// The revision of its roles.
    pub revision: u32,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// Its orders that count in the version of a later upload.
    pub replaced_order_count: u64,
}

/// How the segments follow those of an earlier report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Succession {
    /// The earlier report.
    pub report_id: ReportId,
    /// For each segment the earlier one that it continues, if any.
    pub continues: Vec<Option<u32>>,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Findings)]
pub struct ReportResult {
    /// The day from which recency counts; absent in a shopper table.
    pub as_of: Option<NaiveDate>,
    /// How many shoppers were clustered.
    pub shopper_count: u64,
    /// The features that were used, in order.
    pub features: Vec<String>,
    /// How each was scaled.
    pub scaling: Vec<Scaling>,
    /// How many clusters there are.
    pub clusters: u32,
    /// Shoppers in no cluster (DBSCAN).
    pub noise_count: u64,
    /// Iterations of the best start.
    pub iterations: u32,
    /// Whether it came to rest before the limit.
    pub converged: bool,
    /// How good the partition is.
    pub quality: Quality,
    /// The numbers of clusters that were tried, when the number was not given.
    pub candidates: Vec<Candidate>,
    /// The groups, by falling revenue (a shopper table: by falling size).
    pub segments: Vec<Segment>,
    /// The classic grid; absent in a shopper table.
    pub rfm: Option<Vec<RfmGroup>>,
    /// What a reader should know, such as a constant feature that was left out.
    pub notes: Vec<String>,
    /// The components of a Gaussian mixture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mixture: Vec<MixtureComponent>,
    /// The report whose segments these follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Succession>,
    /// The files that it was made from, in the order of their uploads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceDataset>,
    /// The version of the program that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_version: Option<String>,
}
