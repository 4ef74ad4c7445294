//! What is added up while a file is read, by all threads that read it: each takes sums to which no other is adding, and
//! gives them back.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use arrow::array::RecordBatch;

use crate::aggregation::shopper_totals::ShopperTotals;
use crate::csv::read::duplicate_rows::{DuplicateRows, hashes};
use crate::lock::lock;

/// What is added up over the rows of a file.
pub(crate) struct AccumulatorPool {
    duplicates: Mutex<DuplicateRows>,
    /// Those of no rows, which others are made like; nothing where rows cannot be added up by shopper.
    shoppers: Option<ShopperTotals>,
    /// Those that nobody is adding to.
    idle: Mutex<Vec<ShopperTotals>>,
}

impl AccumulatorPool {
    /// No rows yet.
    pub(crate) fn new(shoppers: Option<ShopperTotals>) -> Self {
        Self { duplicates: Mutex::default(), shoppers, idle: Mutex::default() }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When a column does not suit its role, or a temporary file cannot be written.
    pub(crate) fn add(&self, batch: &RecordBatch) -> Result<()> {
        let hashes = hashes(batch);
        lock(&self.duplicates).add(&hashes)?;
        let Some(empty) = &self.shoppers else { return Ok(()) };
        let idle = lock(&self.idle).pop();
        let mut own = idle.unwrap_or_else(|| empty.empty_like());
        own.add(batch)?;
        lock(&self.idle).push(own);
        Ok(())
    }

    /// The sums over all rows.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub(crate) fn finish(self) -> Result<(DuplicateRows, Option<ShopperTotals>)> {
        let mut idle = into_inner(self.idle);
        // What is merged goes through a file; a small one was added up by one thread and needs none.
        let mut shoppers = idle.pop().or(self.shoppers);
        if let Some(shoppers) = &mut shoppers {
            idle.into_iter().try_for_each(|other| shoppers.merge(other))?;
        }
        Ok((into_inner(self.duplicates), shoppers))
    }
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
