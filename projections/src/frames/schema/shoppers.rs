//! The shoppers of a dataset in rising order, each with the sums of the orders.

use anyhow::Result;
use arrow::array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;

use super::column::{FrameColumn, schema};
use super::row_builder::{RowColumns, RowFrame};

/// The frame of shoppers. Amounts and pieces are in millionths.
pub struct ShoppersFrame;

/// A shopper as it is written.
pub struct ShopperRow<'a> {
    /// The name, as the file has it.
    pub shopper: &'a str,
    /// In microseconds since 1970; none if nothing was bought.
    pub first_purchase: Option<i64>,
    /// In microseconds since 1970; none if nothing was bought.
    pub last_purchase: Option<i64>,
    /// Orders in which something was bought.
    pub orders: i64,
    /// What was paid.
    pub spend: i64,
    /// Pieces that were bought.
    pub quantity: i64,
    /// Rows of the file that are purchases.
    pub lines: i64,
    /// Rows of the file that took something back.
    pub returns: i64,
    /// What was taken back.
    pub returned: i64,
}

/// Shoppers as they are read.
pub struct ShoppersBatch {
    /// The name, as the file has it.
    pub shopper: StringArray,
    /// Null if nothing was bought.
    pub first_purchase: TimestampMicrosecondArray,
    /// Null if nothing was bought.
    pub last_purchase: TimestampMicrosecondArray,
    /// Orders in which something was bought.
    pub orders: Int64Array,
    /// What was paid.
    pub spend: Int64Array,
    /// Pieces that were bought.
    pub quantity: Int64Array,
    /// Rows of the file that are purchases.
    pub lines: Int64Array,
    /// Rows of the file that took something back.
    pub returns: Int64Array,
}

impl ShoppersFrame {
    /// The name, as the file has it.
    pub const SHOPPER: FrameColumn<StringArray> = FrameColumn::nullable(0, "shopper");
    const FIRST_PURCHASE: FrameColumn<TimestampMicrosecondArray> = FrameColumn::nullable(1, "first_purchase");
    const LAST_PURCHASE: FrameColumn<TimestampMicrosecondArray> = FrameColumn::nullable(2, "last_purchase");
    const ORDERS: FrameColumn<Int64Array> = FrameColumn::nullable(3, "orders");
    const SPEND: FrameColumn<Int64Array> = FrameColumn::nullable(4, "spend");
    const QUANTITY: FrameColumn<Int64Array> = FrameColumn::nullable(5, "quantity");
    const LINES: FrameColumn<Int64Array> = FrameColumn::nullable(6, "lines");
    const RETURNS: FrameColumn<Int64Array> = FrameColumn::nullable(7, "returns");
    const RETURNED: FrameColumn<Int64Array> = FrameColumn::nullable(8, "returned");

    /// The columns of a [`ShoppersBatch`].
    pub const ALL: [usize; 8] = [
        Self::SHOPPER.index(),
        Self::FIRST_PURCHASE.index(),
        Self::LAST_PURCHASE.index(),
        Self::ORDERS.index(),
        Self::SPEND.index(),
        Self::QUANTITY.index(),
        Self::LINES.index(),
        Self::RETURNS.index(),
    ];
}

impl RowFrame for ShoppersFrame {
    type Row<'a> = ShopperRow<'a>;

    fn schema() -> SchemaRef {
        schema([
            Self::SHOPPER.field(),
            Self::FIRST_PURCHASE.field(),
            Self::LAST_PURCHASE.field(),
            Self::ORDERS.field(),
            Self::SPEND.field(),
            Self::QUANTITY.field(),
            Self::LINES.field(),
            Self::RETURNS.field(),
            Self::RETURNED.field(),
        ])
    }

    fn append(row: &ShopperRow<'_>, columns: &mut RowColumns) {
        columns.append(
            [row.shopper],
            [row.first_purchase, row.last_purchase],
            [row.orders, row.spend, row.quantity, row.lines, row.returns, row.returned],
        );
    }
}

impl ShoppersBatch {
    /// The columns of a batch that was read with [`ShoppersFrame::ALL`].
    ///
    /// # Errors
    /// When it was not.
    pub fn read(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            shopper: ShoppersFrame::SHOPPER.of(batch)?.clone(),
            first_purchase: ShoppersFrame::FIRST_PURCHASE.of(batch)?.clone(),
            last_purchase: ShoppersFrame::LAST_PURCHASE.of(batch)?.clone(),
            orders: ShoppersFrame::ORDERS.of(batch)?.clone(),
            spend: ShoppersFrame::SPEND.of(batch)?.clone(),
            quantity: ShoppersFrame::QUANTITY.of(batch)?.clone(),
            lines: ShoppersFrame::LINES.of(batch)?.clone(),
            returns: ShoppersFrame::RETURNS.of(batch)?.clone(),
        })
    }
}
