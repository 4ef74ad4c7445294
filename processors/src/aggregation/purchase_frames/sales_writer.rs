//! What is in each order, as rows of a frame. There is about one for each row of the file, so this is kept simple.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::aggregation::order_lines::OrderLine;
use crate::aggregation::purchase_frames::frame_writer::{self, BATCH_BYTES, Sender};

/// Rows of a batch.
const BATCH_ROWS: usize = BATCH_BYTES / (3 * size_of::<u32>() + 2 * size_of::<i64>());

/// Sales being collected: shopper, order and item as rows of their frames, quantity and revenue in millionths.
pub(crate) struct SalesWriter {
    schema: SchemaRef,
    indexes: [Vec<u32>; 3],
    values: [Vec<i64>; 2],
    batches: Sender,
    is_sent: bool,
}

impl SalesWriter {
    /// None yet.
    pub(crate) fn new(batches: Sender) -> Self {
        let index = |name: &str| Field::new(name, DataType::UInt32, false);
        let value = |name: &str| Field::new(name, DataType::Int64, true);
        let fields = vec![index("shopper"), index("order"), index("item"), value("quantity"), value("revenue")];
        Self {
            schema: Arc::new(Schema::new(fields)),
            indexes: Default::default(),
            values: Default::default(),
            batches,
            is_sent: false,
        }
    }

    /// Adds what a shopper bought of an item, which is named by its row, in an order. It blocks while batches are made faster than stored.
    ///
    /// # Errors
    /// When nobody takes the batches any more.
    pub(crate) fn add(&mut self, shopper: u32, order: u32, line: &OrderLine) -> Result<()> {
        self.indexes.iter_mut().zip([shopper, order, line.item]).for_each(|(column, index)| column.push(index));
        self.values.iter_mut().zip(line.values).for_each(|(column, value)| column.push(value));
        if self.indexes[0].len() < BATCH_ROWS { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<()> {
        let indexes = self.indexes.each_mut().map(|column| std::mem::replace(column, Vec::with_capacity(BATCH_ROWS)));
        let values = self.values.each_mut().map(|column| std::mem::replace(column, Vec::with_capacity(BATCH_ROWS)));
        let indexes = indexes.map(|column| Arc::new(UInt32Array::from(column)) as ArrayRef);
        let values = values.map(|column| Arc::new(Int64Array::from(column)) as ArrayRef);
        self.is_sent = true;
        let columns = indexes.into_iter().chain(values).collect();
        frame_writer::send(&self.batches, RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    /// Sends the rest; at least one batch is sent in all.
    ///
    /// # Errors
    /// As in `add`.
    pub(crate) fn finish(mut self) -> Result<()> {
        if !self.indexes[0].is_empty() || !self.is_sent { self.flush() } else { Ok(()) }
    }
}
