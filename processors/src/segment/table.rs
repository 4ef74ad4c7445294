//! The shoppers to be grouped: one row each.

use chrono::NaiveDate;
use ndarray::Array2;

/// Shoppers with their features in original units.
#[derive(Clone, Debug)]
pub struct Table {
    /// Who they are, in rising order.
    pub shoppers: Vec<String>,
    /// The names of the features.
    pub features: Vec<String>,
    /// A row per shopper, a column per feature; all finite.
    pub values: Array2<f64>,
    /// What each spent in micros; absent in a shopper table.
    pub spend: Option<Vec<i64>>,
    /// The day from which recency counts; absent in a shopper table.
    pub as_of: Option<NaiveDate>,
    /// What a reader of the report should know.
    pub notes: Vec<String>,
}

impl Table {
    /// How many shoppers.
    pub fn count(&self) -> usize {
        self.shoppers.len()
    }
}
