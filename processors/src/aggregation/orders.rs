//! Adds the rows of purchases up by order and by the items in it, and from that by shopper. Money and quantities are
//! whole millionths, so that sums are exact and the same in any order.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use arrow::array::RecordBatch;

use crate::aggregation::external_sort::ExternalSort;
use crate::aggregation::items::Items;
use crate::aggregation::order_lines::OrderLine;
use crate::aggregation::order_values;
use crate::aggregation::purchase_rows::PurchaseRows;
use crate::aggregation::roles::row_shape::PurchaseColumns;

/// What was bought, by order.
pub(crate) struct OrderTotals {
    columns: PurchaseColumns,
    /// By shopper and order; see [`order_values`]. Its lines are the items: quantity and revenue in millionths.
    pub(crate) orders: ExternalSort<8>,
    /// What items the rows name; shared with those that add up other rows of the file.
    pub(crate) items: Arc<Mutex<Items>>,
    /// Rows that name a shopper.
    pub(crate) rows: u64,
}

impl OrderTotals {
    /// Nothing yet; the columns of a purchase are at these indexes.
    pub(crate) fn new(columns: PurchaseColumns) -> Self {
        Self { columns, orders: ExternalSort::new(order_values::FUNCTIONS), items: Arc::default(), rows: 0 }
    }

    /// Nothing yet, for other rows of the same file.
    pub(crate) fn empty_like(&self) -> Self {
        Self { items: self.items.clone(), ..Self::new(self.columns.clone()) }
    }

    /// Adds what was added to others of the same file.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        self.rows += other.rows;
        self.orders.merge(other.orders)
    }

    /// Adds rows. Those without a shopper or a time do not count.
    ///
    /// # Errors
    /// When a column has a type that its role cannot have, or a temporary file cannot be written.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = PurchaseRows::new(batch, &self.columns)?;
        let (mut shopper, mut name, mut cache) = (Vec::new(), Vec::new(), ItemCache::default());
        let mut last = None;
        for row in 0..batch.num_rows() {
            let Some(purchase) = rows.purchase(row) else { continue };
            self.rows += 1;
            let item = if purchase.is_purchase { cache.item(&self.items, &rows, row)? } else { None };
            let line = item.map(|item| OrderLine { item, values: [purchase.quantity, purchase.amount] });
            // The lines of an order follow each other often; only the first has to be named.
            let order = rows.order_code(row, purchase.time);
            if order.is_some() && order == last && self.orders.add_again(&purchase.totals(), line)? {
                continue;
            }
            last = order;
            rows.shopper.write(row, &mut shopper)?;
            rows.write_order(row, purchase.time, &mut name)?;
            self.orders.add(&shopper, &name, &purchase.totals(), line)?;
        }
        Ok(())
    }
}

/// The item that each product of a batch was last met as, with the code of its category: to look codes up takes a
/// fraction of the time that texts take, and a product is mostly in one category.
#[derive(Default)]
struct ItemCache {
    items: Vec<Option<(i32, Option<u32>)>>,
    name: Vec<u8>,
}

impl ItemCache {
    fn item(&mut self, items: &Mutex<Items>, rows: &PurchaseRows<'_>, row: usize) -> Result<Option<u32>> {
        let Some((product, category)) = rows.item_codes(row) else { return rows.item(row, items, &mut self.name) };
        // Without a product the code is -1.
        let index = (product + 1) as usize;
        if let Some(Some((of, item))) = self.items.get(index)
            && *of == category
        {
            return Ok(*item);
        }
        let item = rows.item(row, items, &mut self.name)?;
        if self.items.len() <= index {
            self.items.resize(index + 1, None);
        }
        self.items[index] = Some((category, item));
        Ok(item)
    }
}

#[cfg(test)]
mod tests;
