//! The shoppers to be grouped: one row each.

use chrono::NaiveDate;
use domain::StoreId;
use ndarray::Array2;

/// Fewer shoppers with purchases than this have no habits to tell apart.
pub(crate) const MIN_BUYERS: usize = 30;

/// Shoppers with their features in original units.
#[derive(Clone, Debug, Default)]
pub(crate) struct FeatureTable {
    /// Who they are, in rising order.
    pub shoppers: Vec<String>,
    /// The features.
    pub features: Vec<Feature>,
    /// A row per shopper, a column per feature; all finite.
    pub values: Array2<f64>,
    /// What is known of buyers; absent in a shopper table.
    pub buyers: Option<Buyers>,
    /// What a reader of the report should know.
    pub notes: Vec<String>,
}

/// What a shopper is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: FeatureKind,
}

/// What the values of a feature are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeatureKind {
    /// A number with a unit.
    Number,
    /// 1 for shoppers of a category, 0 for others.
    Category,
}

impl Feature {
    /// A feature that is a number.
    pub(crate) fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: FeatureKind::Number }
    }
}

/// What is known of shoppers who bought, whatever they are compared by. A value per shopper each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buyers {
    /// The day from which recency counts.
    pub as_of: NaiveDate,
    /// What each spent, in micros.
    pub spend: Vec<i64>,
    /// Days since the last purchase.
    pub recency: Vec<f64>,
    /// Orders.
    pub frequency: Vec<f64>,
    /// What each spent.
    pub monetary: Vec<f64>,
    /// The stores, when there are several.
    pub stores: Vec<StoreId>,
    /// What each spent in each of these stores, in micros, store after store.
    pub spend_by_store: Vec<i64>,
}

impl FeatureTable {
    /// How many shoppers.
    pub(crate) fn count(&self) -> usize {
        self.shoppers.len()
    }

    /// What each spent, in micros.
    pub(crate) fn spend(&self) -> Option<&[i64]> {
        self.buyers.as_ref().map(|buyers| buyers.spend.as_slice())
    }

    /// The names of the features.
    pub(crate) fn names(&self) -> Vec<String> {
        self.features.iter().map(|feature| feature.name.clone()).collect()
    }
}
