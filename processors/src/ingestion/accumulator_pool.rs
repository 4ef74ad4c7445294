//! What is added up while a file is read, by all threads that read it: each takes sums to which no other is adding, and
//! gives them back.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use arrow::array::RecordBatch;

use crate::aggregation::shopper_totals::Shoppers;
use crate::csv::read::duplicate_rows::{Repeats, hashes};
use crate::lock::lock;

/// Sums over the rows of a file.
pub struct Sums {
    repeats: Mutex<Repeats>,
    /// Those of no rows, which others are made beside; nothing where rows cannot be added up by shopper.
    shoppers: Option<Shoppers>,
    /// Those that nobody is adding to.
    idle: Mutex<Vec<Shoppers>>,
}

impl Sums {
    /// No rows yet.
    pub fn new(shoppers: Option<Shoppers>) -> Self {
        Self { repeats: Mutex::default(), shoppers, idle: Mutex::default() }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When a column does not suit its role, or a temporary file cannot be written.
    pub fn add(&self, batch: &RecordBatch) -> Result<()> {
        let hashes = hashes(batch);
        lock(&self.repeats).add(&hashes)?;
        let Some(empty) = &self.shoppers else { return Ok(()) };
        let idle = lock(&self.idle).pop();
        let mut own = idle.unwrap_or_else(|| empty.beside());
        own.add(batch)?;
        lock(&self.idle).push(own);
        Ok(())
    }

    /// The sums over all rows.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub fn finish(self) -> Result<(Repeats, Option<Shoppers>)> {
        let mut idle = into_inner(self.idle);
        // What is absorbed goes through a file; a small one was added up by one thread and needs none.
        let mut shoppers = idle.pop().or(self.shoppers);
        if let Some(shoppers) = &mut shoppers {
            idle.into_iter().try_for_each(|other| shoppers.absorb(other))?;
        }
        Ok((into_inner(self.repeats), shoppers))
    }
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
