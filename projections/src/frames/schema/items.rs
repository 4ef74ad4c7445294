//! The items that the orders of a dataset consist of, sorted by product and category.

use arrow::array::{Int64Array, StringArray};
use arrow::datatypes::SchemaRef;

use super::column::{FrameColumn, schema};
use super::row_builder::{RowColumns, RowFrame};

/// The frame of items. Amounts and pieces are in millionths.
pub struct ItemsFrame;

/// An item as it is written; a name that the file does not have is empty.
pub struct ItemRow<'a> {
    /// The name of the product.
    pub product: &'a str,
    /// The name of its category.
    pub category: &'a str,
    /// Pieces that were sold.
    pub quantity: i64,
    /// What was paid for them.
    pub revenue: i64,
}

impl ItemsFrame {
    /// The name of the product, perhaps empty.
    pub const PRODUCT: FrameColumn<StringArray> = FrameColumn::nullable(0, "product");
    /// The name of its category, perhaps empty.
    pub const CATEGORY: FrameColumn<StringArray> = FrameColumn::nullable(1, "category");
    const QUANTITY: FrameColumn<Int64Array> = FrameColumn::nullable(2, "quantity");
    /// What was paid for it in all.
    pub const REVENUE: FrameColumn<Int64Array> = FrameColumn::nullable(3, "revenue");
}

impl RowFrame for ItemsFrame {
    type Row<'a> = ItemRow<'a>;

    fn schema() -> SchemaRef {
        schema([Self::PRODUCT.field(), Self::CATEGORY.field(), Self::QUANTITY.field(), Self::REVENUE.field()])
    }

    fn append(row: &ItemRow<'_>, columns: &mut RowColumns) {
        columns.append([row.product, row.category], [], [row.quantity, row.revenue]);
    }
}
