//! How the shoppers of a report are compared and clustered.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cluster_count::ClusterCount;
use crate::rfm::RfmGrid;

/// What the shoppers are compared by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Features {
    /// Recency in days, frequency in orders, monetary in currency.
    Rfm,
    /// These habits, told from purchases.
    Purchases(Vec<Habit>),
    /// These columns of a shopper table: numbers, and texts of few different values.
    Columns(Vec<String>),
}

impl Features {
    /// The habits that shoppers are compared by; none for a shopper table.
    pub fn habits(&self) -> Option<&[Habit]> {
        match self {
            Self::Rfm => Some(&[Habit::Recency, Habit::Frequency, Habit::Monetary]),
            Self::Purchases(habits) => Some(habits),
            Self::Columns(_) => None,
        }
    }
}

/// Something that the purchases of a shopper tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Habit {
    /// Days since the last purchase.
    Recency,
    /// How many orders.
    Frequency,
    /// Money spent in all.
    Monetary,
    /// Money spent in an order, on average.
    AverageBasket,
    /// Pieces in an order, on average.
    ItemsPerOrder,
    /// Days from one order to the next, on average; who ordered once has waited since then.
    DaysBetweenOrders,
    /// Days since the first purchase.
    Tenure,
    /// Which part of the rows took something back, 0 to 1.
    ReturnRate,
    /// Which part of the money went to each category, 0 to 1: a feature for each of the greatest ones.
    CategoryShares,
}

/// How features are made comparable before they are clustered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// `log1p` where a feature is skewed, then standardised.
    #[default]
    Auto,
    /// Standardised.
    Standard,
    /// As they are.
    None,
}

/// The clustering algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// k-means (Lloyd) from k-means++ starts.
    #[default]
    Kmeans,
    /// A Gaussian mixture with full covariances, fitted by expectation-maximisation.
    GaussianMixture,
    /// Density-based clusters; shoppers in no cluster are noise.
    Dbscan,
}

/// How a question is asked, with every default filled in, so that equal questions are equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Parameters {
    /// What the shoppers are compared by.
    pub features: Features,
    /// How the features are made comparable.
    pub scale: Scale,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// How many clusters.
    pub clusters: ClusterCount,
    /// DBSCAN: the radius of a neighbourhood, in the space that is clustered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// DBSCAN: how many shoppers a dense neighbourhood holds, with its centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_points: Option<u32>,
    /// The day from which recency counts; by default the day after the last purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// The customer's own RFM grid, when it is not the classic one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rfm_grid: Option<Box<RfmGrid>>,
    /// The seed of the random starts.
    pub seed: u64,
}
