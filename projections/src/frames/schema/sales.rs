//! What is in each order of a dataset. There is about one row for each row of the file, so it names shopper, order and
//! item by their rows in the other frames.

use std::mem::replace;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{Int64Array, RecordBatch, UInt32Array};

use super::column::{FrameColumn, schema};

/// The frame of sales.
pub struct SalesFrame;

/// What a shopper bought of an item in an order; quantity and revenue in millionths.
pub struct SaleRow {
    /// The row of the frame of shoppers.
    pub shopper: u32,
    /// The row of the frame of orders.
    pub order: u32,
    /// The row of the frame of items.
    pub item: u32,
    /// Pieces that were bought.
    pub quantity: i64,
    /// What was paid for them.
    pub revenue: i64,
}

impl SalesFrame {
    /// The row of the frame of shoppers.
    pub const SHOPPER: FrameColumn<UInt32Array> = FrameColumn::required(0, "shopper");
    /// The row of the frame of orders.
    pub const ORDER: FrameColumn<UInt32Array> = FrameColumn::required(1, "order");
    /// The row of the frame of items.
    pub const ITEM: FrameColumn<UInt32Array> = FrameColumn::required(2, "item");
    /// Pieces that were bought.
    pub const QUANTITY: FrameColumn<Int64Array> = FrameColumn::nullable(3, "quantity");
    /// What was paid for them.
    pub const REVENUE: FrameColumn<Int64Array> = FrameColumn::nullable(4, "revenue");
    /// What a row takes in memory.
    pub const ROW_BYTES: usize = 3 * size_of::<u32>() + 2 * size_of::<i64>();
}

/// Sales that become a batch.
pub struct SalesBuilder {
    capacity: usize,
    shoppers: Vec<u32>,
    orders: Vec<u32>,
    items: Vec<u32>,
    quantities: Vec<i64>,
    revenues: Vec<i64>,
}

impl SalesBuilder {
    /// Nothing yet; batches are to have this many rows.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, shoppers: vec![], orders: vec![], items: vec![], quantities: vec![], revenues: vec![] }
    }

    /// Adds a row.
    pub fn push(&mut self, row: &SaleRow) {
        self.shoppers.push(row.shopper);
        self.orders.push(row.order);
        self.items.push(row.item);
        self.quantities.push(row.quantity);
        self.revenues.push(row.revenue);
    }

    /// Rows since the last batch.
    pub fn rows(&self) -> usize {
        self.shoppers.len()
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// Never, as the columns have one length.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let indexes = [&mut self.shoppers, &mut self.orders, &mut self.items];
        let [shoppers, orders, items] =
            indexes.map(|column| Arc::new(UInt32Array::from(replace(column, Vec::with_capacity(self.capacity)))) as _);
        let sums = [&mut self.quantities, &mut self.revenues];
        let [quantities, revenues] =
            sums.map(|column| Arc::new(Int64Array::from(replace(column, Vec::with_capacity(self.capacity)))) as _);
        let fields = [
            SalesFrame::SHOPPER.field(),
            SalesFrame::ORDER.field(),
            SalesFrame::ITEM.field(),
            SalesFrame::QUANTITY.field(),
            SalesFrame::REVENUE.field(),
        ];
        Ok(RecordBatch::try_new(schema(fields), vec![shoppers, orders, items, quantities, revenues])?)
    }
}
