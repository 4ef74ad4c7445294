//! What is known of the shoppers and orders of a dataset.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::DatasetId;

/// What the rows of a dataset are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Shape {
    /// Each row is a purchase; a shopper has many.
    Purchases,
    /// Each row is a shopper.
    Shoppers,
}

/// What is known about the shoppers of a dataset under one assignment of roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShopperSummary {
    /// What the rows are under these roles.
    pub shape: Shape,
    /// How many different shoppers have a purchase (or a row, in a shopper table).
    pub shopper_count: u64,
    /// How many different orders have a purchase; 0 in a shopper table.
    pub order_count: u64,
    /// Rows that are purchases: a shopper, a quantity and a price above zero, not cancelled.
    pub purchase_row_count: u64,
    /// The sum of all purchases, in the currency of the file.
    pub revenue: f64,
}

/// How a result of adding shoppers up is written.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it describes what serde makes of a Result")]
pub(super) enum Outcome {
    /// The shoppers.
    Ok(ShopperSummary),
    /// Why there are none, for a person.
    Err(String),
}

/// Orders that a dataset has in common with another of the same store. They count once, in the version of the later
/// upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overlap {
    /// The other dataset.
    pub dataset_id: DatasetId,
    /// The revision of its roles.
    pub revision: u32,
    /// How many orders stand in both.
    pub order_count: u64,
}
