//! The orders of a dataset, sorted by shopper and order.

use anyhow::Result;
use arrow::array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;

use super::column::{FrameColumn, schema};
use super::row_builder::{RowColumns, RowFrame};

/// The frame of orders. Amounts and pieces are in millionths.
pub struct OrdersFrame;

/// An order as it is written.
pub struct OrderRow<'a> {
    /// Who ordered.
    pub shopper: &'a str,
    /// The number of the order, which no other order of the shopper has.
    pub order: &'a str,
    /// The first purchase, or whatever happened first if nothing was bought; in microseconds since 1970.
    pub time: Option<i64>,
    /// None if nothing was bought.
    pub last_purchase: Option<i64>,
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

/// Orders as they are read.
pub struct OrdersBatch {
    /// The first purchase, or whatever happened first if nothing was bought; in microseconds since 1970.
    pub time: TimestampMicrosecondArray,
    /// Null if nothing was bought.
    pub last_purchase: TimestampMicrosecondArray,
    /// What was paid.
    pub spend: Int64Array,
    /// Pieces that were bought.
    pub quantity: Int64Array,
    /// Rows of the file that are purchases.
    pub lines: Int64Array,
    /// Rows of the file that took something back.
    pub returns: Int64Array,
}

impl OrdersFrame {
    /// Who ordered.
    pub const SHOPPER: FrameColumn<StringArray> = FrameColumn::nullable(0, "shopper");
    /// The number of the order, which no other order of the shopper has.
    pub const ORDER: FrameColumn<StringArray> = FrameColumn::nullable(1, "order");
    const TIME: FrameColumn<TimestampMicrosecondArray> = FrameColumn::nullable(2, "time");
    const LAST_PURCHASE: FrameColumn<TimestampMicrosecondArray> = FrameColumn::nullable(3, "last_purchase");
    const SPEND: FrameColumn<Int64Array> = FrameColumn::nullable(4, "spend");
    const QUANTITY: FrameColumn<Int64Array> = FrameColumn::nullable(5, "quantity");
    const LINES: FrameColumn<Int64Array> = FrameColumn::nullable(6, "lines");
    const RETURNS: FrameColumn<Int64Array> = FrameColumn::nullable(7, "returns");
    const RETURNED: FrameColumn<Int64Array> = FrameColumn::nullable(8, "returned");

    /// The columns that say which orders these are.
    pub const KEYS: [usize; 2] = [Self::SHOPPER.index(), Self::ORDER.index()];
    /// The columns of an [`OrdersBatch`], with the keys.
    pub const ALL: [usize; 8] = [
        Self::SHOPPER.index(),
        Self::ORDER.index(),
        Self::TIME.index(),
        Self::LAST_PURCHASE.index(),
        Self::SPEND.index(),
        Self::QUANTITY.index(),
        Self::LINES.index(),
        Self::RETURNS.index(),
    ];
}

impl RowFrame for OrdersFrame {
    type Row<'a> = OrderRow<'a>;

    fn schema() -> SchemaRef {
        schema([
            Self::SHOPPER.field(),
            Self::ORDER.field(),
            Self::TIME.field(),
            Self::LAST_PURCHASE.field(),
            Self::SPEND.field(),
            Self::QUANTITY.field(),
            Self::LINES.field(),
            Self::RETURNS.field(),
            Self::RETURNED.field(),
        ])
    }

    fn append(row: &OrderRow<'_>, columns: &mut RowColumns) {
        columns.append(
            [row.shopper, row.order],
            [row.time, row.last_purchase],
            [row.spend, row.quantity, row.lines, row.returns, row.returned],
        );
    }
}

impl OrdersBatch {
    /// The columns of a batch that was read with [`OrdersFrame::ALL`].
    ///
    /// # Errors
    /// When it was not.
    pub fn read(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            time: OrdersFrame::TIME.of(batch)?.clone(),
            last_purchase: OrdersFrame::LAST_PURCHASE.of(batch)?.clone(),
            spend: OrdersFrame::SPEND.of(batch)?.clone(),
            quantity: OrdersFrame::QUANTITY.of(batch)?.clone(),
            lines: OrdersFrame::LINES.of(batch)?.clone(),
            returns: OrdersFrame::RETURNS.of(batch)?.clone(),
        })
    }
}
