//! The purchases of every shopper, merged from what was aggregated per dataset. Orders that stand in several datasets of a
//! store are looked at one by one, and only those.

use anyhow::Context;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use domain::StoreId;
use foldhash::fast::FixedState;
use projections::{FrameId, Frames};

use super::orders;
use super::purchase_totals::PurchaseTotals;
use super::replaced_orders::ReplacedOrders;
use crate::segmentation::frame_batches::{batches, column};
use crate::segmentation::input::{ReportDataset, SegmentError};
use crate::segmentation::overlap::groups;

/// Indices of `shopper`, `first_purchase`, `last_purchase`, `orders`, `spend`, `quantity`, `lines`, `returns` in a frame of
/// shoppers.
const COLUMNS: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 7];
/// More stores than this are not told apart.
const MAX_STORES: usize = 50;

/// Everything that some datasets know of their shoppers.
#[derive(Debug, Default)]
pub(crate) struct MergedPurchases {
    /// Shoppers with a purchase, in rising order.
    pub shoppers: Vec<(String, PurchaseTotals)>,
    /// The stores, sorted, when there are several that can be told apart.
    pub stores: Vec<StoreId>,
    /// What each shopper spent in each of them, in micros.
    pub spend_by_store: Vec<i64>,
}

/// Merges the purchases of datasets, given in the order of their uploads, and tells which orders do not count.
///
/// # Errors
/// When sums are too large, or a frame cannot be read.
pub(crate) async fn merge(
    frames: &Frames,
    datasets: &[&ReportDataset],
) -> Result<(MergedPurchases, ReplacedOrders), SegmentError> {
    let mut stores: Vec<StoreId> = datasets.iter().map(|dataset| dataset.store_id).collect();
    stores.sort();
    stores.dedup();
    if !(2..=MAX_STORES).contains(&stores.len()) {
        stores.clear();
    }
    let mut adding = PurchaseMerger { stores, shoppers: hashbrown::HashMap::default() };
    let mut replaced = ReplacedOrders::default();
    for group in groups(datasets) {
        let store = adding.stores.binary_search(&group[0].store_id).ok();
        if let [alone] = group[..] {
            adding.add_dataset(frames, alone, store).await.map_err(reported)?;
            continue;
        }
        let ids: Vec<FrameId> = group.iter().map(|dataset| dataset.frame(FrameId::orders)).collect();
        let add = |shopper: &str, order| adding.add(shopper, order, store);
        let rows = orders::merge(frames, &ids, add).await.map_err(reported)?;
        let of_group = group.iter().map(|dataset| dataset.dataset.dataset_id).zip(rows);
        of_group.for_each(|(dataset, orders)| replaced.insert(dataset, orders));
    }
    Ok((adding.finish(), replaced))
}

/// Shoppers being added up.
struct PurchaseMerger {
    stores: Vec<StoreId>,
    shoppers: hashbrown::HashMap<String, (PurchaseTotals, Box<[i64]>), FixedState>,
}

impl PurchaseMerger {
    async fn add_dataset(
        &mut self,
        frames: &Frames,
        dataset: &ReportDataset,
        store: Option<usize>,
    ) -> anyhow::Result<()> {
        let frame = dataset.frame(FrameId::shoppers);
        let mut batches = batches(frames, &frame, &COLUMNS).await?;
        while let Some(batch) = batches.next().await? {
            self.add_batch(&batch, store)?;
        }
        Ok(())
    }

    fn add_batch(&mut self, batch: &RecordBatch, store: Option<usize>) -> anyhow::Result<()> {
        let names = column(batch, "shopper")?.as_string_opt::<i32>().context("shopper is not text")?;
        let times = |index: usize| batch.column(index).as_primitive_opt::<TimestampMicrosecondType>();
        let (first, last) = times(1).zip(times(2)).context("a purchase is not a time")?;
        let numbers = |index: usize| batch.column(index).as_primitive_opt::<Int64Type>().context("a sum is no number");
        let [orders, spend, quantity, lines, returns] =
            [numbers(3)?, numbers(4)?, numbers(5)?, numbers(6)?, numbers(7)?];
        for row in 0..batch.num_rows() {
            let bought = first.is_valid(row);
            let purchases = PurchaseTotals {
                first: if bought { first.value(row) } else { i64::MAX },
                last: if bought { last.value(row) } else { i64::MIN },
                orders: orders.value(row),
                spend: spend.value(row),
                quantity: quantity.value(row),
                lines: lines.value(row),
                returns: returns.value(row),
            };
            self.add(names.value(row), purchases, store)?;
        }
        Ok(())
    }

    fn add(&mut self, shopper: &str, new: PurchaseTotals, store: Option<usize>) -> anyhow::Result<()> {
        let stores = self.stores.len();
        let nothing = || (PurchaseTotals::NONE, vec![0; stores].into_boxed_slice());
        let (known, by_store) = self.shoppers.entry_ref(shopper).or_insert_with(nothing);
        let too_much = || TooMuch(shopper.to_owned());
        *known = known.merge(new).ok_or_else(too_much)?;
        if let Some(store) = store {
            by_store[store] += new.spend;
        }
        Ok(())
    }

    fn finish(self) -> MergedPurchases {
        // Who only returned something has not bought.
        let buyers = self.shoppers.into_iter().filter(|(_, (purchases, _))| purchases.orders > 0);
        let mut shoppers: Vec<_> = buyers.map(|(name, (own, by_store))| (name, own, by_store)).collect();
        shoppers.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let spend_by_store = shoppers.iter().flat_map(|(_, _, by_store)| by_store.iter().copied()).collect();
        let shoppers = shoppers.into_iter().map(|(name, own, _)| (name, own)).collect();
        MergedPurchases { shoppers, stores: self.stores, spend_by_store }
    }
}

/// Somebody's sums overflow.
#[derive(Debug, thiserror::Error)]
#[error("The purchases of shopper {0} add up to more than can be counted.")]
struct TooMuch(String);

/// Sums that are too large are the data's fault.
fn reported(error: anyhow::Error) -> SegmentError {
    match error.downcast::<TooMuch>() {
        Ok(too_much) => SegmentError::Unanswerable(too_much.to_string()),
        Err(error) => SegmentError::Failed(error),
    }
}
