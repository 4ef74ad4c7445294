//! The columns of a dataset: their types, what they mean to the segmentation, and their statistics.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 64 bits.
    Integer,
    /// A 64-bit floating-point number.
    Decimal,
    /// A day.
    Date,
    /// A moment, in microseconds, without a time zone.
    Timestamp,
    /// Text.
    Text,
}

impl ColumnType {
    /// Whether its values can be calculated with.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    /// Whether shoppers can be compared by it: as a number, or as a category.
    pub fn can_be_feature(self) -> bool {
        !matches!(self, Self::Date | Self::Timestamp)
    }
}

/// What a column means to the segmentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ColumnRole {
    /// Who bought.
    Shopper,
    /// The receipt or invoice that a row belongs to.
    Order,
    /// When it was bought.
    Time,
    /// How many pieces.
    Quantity,
    /// The price of one piece.
    UnitPrice,
    /// The price of the whole row.
    Amount,
    /// What was bought.
    Product,
    /// The kind of what was bought.
    Category,
    /// Describes a shopper, as a number or a category (shopper tables; any number of columns).
    Feature,
}

/// A column of a dataset with its statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// Its name from the header.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// How many rows have no value.
    pub null_count: u64,
    /// The least value, as JSON; text compares by its bytes.
    pub min: Value,
    /// The greatest value.
    pub max: Value,
    /// What the column means, guessed or said by a person.
    pub role: Option<ColumnRole>,
    /// Why it was taken to mean that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
