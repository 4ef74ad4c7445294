//! The orders of several datasets side by side. Their frames are sorted by shopper and order, so that what they have in
//! common is found in one pass and constant memory.

use anyhow::{Context, Result};
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use projections::{FrameId, Frames};

use super::purchase_totals::PurchaseTotals;
use crate::segmentation::frame_batches::{Batches, batches, column};

/// Indices of shopper and order in a frame of orders.
const KEYS: [usize; 2] = [0, 1];
/// Indices of all columns: shopper, order, time, last purchase, spend, quantity, lines, returns, returned.
const ALL: [usize; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/// How many orders stand in both frames.
///
/// # Errors
/// When a frame cannot be read.
pub(crate) async fn common_orders(frames: &Frames, a: &FrameId, b: &FrameId) -> Result<u64> {
    let (mut a, mut b) = (Cursor::open(frames, a, &KEYS).await?, Cursor::open(frames, b, &KEYS).await?);
    let mut count = 0;
    while let (Some(left), Some(right)) = (a.key(), b.key()) {
        let order = left.cmp(&right);
        count += u64::from(order.is_eq());
        if order.is_le() {
            a.advance().await?;
        }
        if order.is_ge() {
            b.advance().await?;
        }
    }
    Ok(count)
}

/// Adds the orders of datasets up by shopper, given in the order of their uploads: an order that stands in several of them
/// counts in the last. Says for each dataset which of its orders are replaced by a later one, by their rows.
///
/// # Errors
/// When a frame cannot be read, or `give` fails.
pub(crate) async fn merge(
    frames: &Frames,
    orders: &[FrameId],
    mut give: impl FnMut(&str, PurchaseTotals) -> Result<()>,
) -> Result<Vec<Vec<bool>>> {
    let mut cursors = Vec::with_capacity(orders.len());
    for frame in orders {
        cursors.push(Cursor::open(frames, frame, &ALL).await?);
    }
    let mut replaced: Vec<Vec<bool>> = cursors.iter().map(|cursor| vec![false; cursor.rows]).collect();
    loop {
        let least = cursors.iter().filter_map(Cursor::key).min();
        let Some(key) = least else { return Ok(replaced) };
        let same: Vec<usize> = (0..cursors.len()).filter(|index| cursors[*index].key() == Some(key)).collect();
        let last = same.last().copied().context("the least key stands somewhere")?;
        give(key.0, cursors[last].purchases()?)?;
        for index in same {
            if index != last {
                replaced[index][cursors[index].frame_row] = true;
            }
            cursors[index].advance().await?;
        }
    }
}

/// A row of a frame of orders, and what follows.
struct Cursor<'a> {
    batches: Batches<'a>,
    batch: Option<RecordBatch>,
    shoppers: StringArray,
    orders: StringArray,
    row: usize,
    /// The row in the whole frame.
    frame_row: usize,
    /// The rows of the whole frame.
    rows: usize,
}

impl<'a> Cursor<'a> {
    async fn open(frames: &'a Frames, frame: &'a FrameId, columns: &[usize]) -> Result<Self> {
        let batches = batches(frames, frame, columns).await?;
        let rows = usize::try_from(batches.rows())?;
        let none = StringArray::from(Vec::<&str>::new());
        let mut cursor =
            Self { batches, batch: None, shoppers: none.clone(), orders: none, row: 0, frame_row: 0, rows };
        cursor.load().await?;
        Ok(cursor)
    }

    fn key(&self) -> Option<(&str, &str)> {
        self.batch.as_ref()?;
        Some((self.shoppers.value(self.row), self.orders.value(self.row)))
    }

    async fn advance(&mut self) -> Result<()> {
        self.row += 1;
        self.frame_row += 1;
        if self.row < self.shoppers.len() { Ok(()) } else { self.load().await }
    }

    /// Goes to the first row of the next chunk that has one.
    async fn load(&mut self) -> Result<()> {
        self.row = 0;
        loop {
            self.batch = self.batches.next().await?;
            let Some(batch) = &self.batch else { return Ok(()) };
            self.shoppers = text(batch, "shopper")?;
            self.orders = text(batch, "order")?;
            if batch.num_rows() > 0 {
                return Ok(());
            }
        }
    }

    /// The order as the purchases of its shopper; all columns were read.
    fn purchases(&self) -> Result<PurchaseTotals> {
        let batch = self.batch.as_ref().context("a cursor at its end")?;
        let number = |index: usize| {
            let column = batch.column(index).as_primitive_opt::<Int64Type>().context("an order without numbers")?;
            anyhow::Ok(column.value(self.row))
        };
        let time = |index: usize| {
            let column = batch.column(index).as_primitive_opt::<TimestampMicrosecondType>();
            anyhow::Ok(column.context("an order without times")?.value(self.row))
        };
        let lines = number(6)?;
        let bought = lines > 0;
        Ok(PurchaseTotals {
            first: if bought { time(2)? } else { i64::MAX },
            last: if bought { time(3)? } else { i64::MIN },
            orders: i64::from(bought),
            spend: number(4)?,
            quantity: number(5)?,
            lines,
            returns: number(7)?,
        })
    }
}

fn text(batch: &RecordBatch, name: &str) -> Result<StringArray> {
    Ok(column(batch, name)?.as_string_opt::<i32>().with_context(|| format!("{name} is not text"))?.clone())
}
