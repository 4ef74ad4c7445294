//! Which orders of datasets do not count, because a later upload has them too.

use std::collections::HashMap;

use domain::DatasetId;

/// Which orders of a dataset, by their rows, a later upload replaces. Datasets without such orders have no entry.
#[derive(Debug, Default)]
pub(crate) struct ReplacedOrders(HashMap<DatasetId, Vec<bool>>);

impl ReplacedOrders {
    /// Notes which orders of a dataset are replaced.
    pub(crate) fn insert(&mut self, dataset: DatasetId, orders: Vec<bool>) {
        if orders.contains(&true) {
            self.0.insert(dataset, orders);
        }
    }

    /// Whether each order of a dataset is replaced; none when all count.
    pub(crate) fn of(&self, dataset: DatasetId) -> Option<&[bool]> {
        self.0.get(&dataset).map(Vec::as_slice)
    }

    /// How many orders of a dataset are replaced.
    pub(crate) fn count(&self, dataset: DatasetId) -> u64 {
        self.of(dataset).map_or(0, |orders| orders.iter().filter(|replaced| **replaced).count() as u64)
    }
}
