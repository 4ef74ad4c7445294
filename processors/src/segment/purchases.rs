//! Recency, frequency and monetary of every shopper, merged from the shoppers that were aggregated per dataset.

use std::collections::HashMap;

use anyhow::Context;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Days, NaiveDate};
use ndarray::Array2;
use projections::{FrameId, Frames};

use super::answer::{ReportDataset, SegmentError};
use super::frame::{batches, column};
use super::table::Table;

/// Places of `shopper`, `last_purchase`, `orders` and `spend` in a frame of shoppers.
const COLUMNS: [usize; 4] = [0, 2, 3, 4];

/// The purchases of one shopper. Merging is exact, so its order does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Purchases {
    /// The last one, in microseconds since 1970.
    last: i64,
    /// How many orders.
    orders: i64,
    /// The sum of their amounts in micros.
    spend: i64,
}

impl Purchases {
    fn merge(self, other: Self) -> Option<Self> {
        Some(Self {
            last: self.last.max(other.last),
            orders: self.orders.checked_add(other.orders)?,
            spend: self.spend.checked_add(other.spend)?,
        })
    }
}

/// Loads the shoppers with a purchase in some of the datasets.
///
/// # Errors
/// When there is no purchase, when `as_of` is before the last one, or when a frame cannot be read.
pub async fn load(
    frames: &Frames,
    datasets: &[&ReportDataset],
    as_of: Option<NaiveDate>,
) -> Result<Table, SegmentError> {
    let mut shoppers = HashMap::new();
    for dataset in datasets {
        let frame = FrameId::shoppers(dataset.dataset.dataset_id, dataset.dataset.revision);
        let mut batches = batches(frames, &frame, &COLUMNS).await?;
        while let Some(batch) = batches.next().await? {
            add(&mut shoppers, &batch)?;
        }
    }
    table(shoppers, as_of).map_err(SegmentError::Unanswerable)
}

fn add(shoppers: &mut HashMap<String, Purchases>, batch: &RecordBatch) -> Result<(), SegmentError> {
    let names = column(batch, "shopper")?.as_string_opt::<i32>().context("shopper is not text")?;
    let last = column(batch, "last_purchase")?;
    let last = last.as_primitive_opt::<TimestampMicrosecondType>().context("last_purchase is not a time")?;
    let orders = column(batch, "orders")?.as_primitive_opt::<Int64Type>().context("orders is not a count")?;
    let spend = column(batch, "spend")?.as_primitive_opt::<Int64Type>().context("spend is not a number")?;
    for row in 0..batch.num_rows() {
        // Who only returned something has not bought.
        if orders.value(row) < 1 || last.is_null(row) {
            continue;
        }
        let new = Purchases { last: last.value(row), orders: orders.value(row), spend: spend.value(row) };
        match shoppers.get_mut(names.value(row)) {
            None => drop(shoppers.insert(names.value(row).to_owned(), new)),
            Some(known) => {
                let too_much =
                    || format!("The purchases of shopper {} add up to more than can be counted.", names.value(row));
                *known = known.merge(new).ok_or_else(too_much).map_err(SegmentError::Unanswerable)?;
            }
        }
    }
    Ok(())
}

fn table(shoppers: HashMap<String, Purchases>, as_of: Option<NaiveDate>) -> Result<Table, String> {
    let mut shoppers: Vec<(String, Purchases)> = shoppers.into_iter().collect();
    shoppers.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let last = shoppers.iter().filter_map(|(_, purchases)| day(purchases.last)).max();
    let last = last.ok_or("The datasets hold no purchase: no row has a shopper, a quantity and a price above zero.")?;
    let as_of = as_of.or(last.checked_add_days(Days::new(1))).unwrap_or(last);
    if as_of < last {
        return Err(format!("Recency cannot count from {as_of}: the last purchase was later, on {last}."));
    }
    let features = ["recency", "frequency", "monetary"].map(str::to_owned).to_vec();
    let value = |(row, feature): (usize, usize)| {
        let purchases = shoppers[row].1;
        match feature {
            0 => day(purchases.last).map_or(0.0, |day| (as_of - day).num_days() as f64),
            1 => purchases.orders as f64,
            _ => purchases.spend as f64 / 1e6,
        }
    };
    let values = Array2::from_shape_fn((shoppers.len(), features.len()), value);
    let spend = Some(shoppers.iter().map(|(_, purchases)| purchases.spend).collect());
    let shoppers = shoppers.into_iter().map(|(shopper, _)| shopper).collect();
    Ok(Table { shoppers, features, values, spend, as_of: Some(as_of), notes: vec![] })
}

fn day(micros: i64) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp_micros(micros)?.date_naive())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn recency_counts_days_to_the_day_after_the_last_purchase() {
        let shoppers = HashMap::from([
            ("b".to_owned(), Purchases { last: 10 * DAY + 5, orders: 3, spend: 12_500_000 }),
            ("a".to_owned(), Purchases { last: 8 * DAY + DAY - 1, orders: 1, spend: 2_000_000 }),
        ]);
        let table = table(shoppers, None).unwrap();
        assert_eq!(table.shoppers, ["a", "b"]);
        assert_eq!(table.values, ndarray::array![[3.0, 1.0, 2.0], [1.0, 3.0, 12.5]]);
        assert_eq!(table.as_of, NaiveDate::from_ymd_opt(1970, 1, 12));
    }

    #[test]
    fn refuses_a_day_before_the_last_purchase() {
        let shoppers = HashMap::from([("a".to_owned(), Purchases { last: 8 * DAY, orders: 1, spend: 1 })]);
        let reason = table(shoppers, NaiveDate::from_ymd_opt(1970, 1, 8)).unwrap_err();
        assert_eq!(reason, "Recency cannot count from 1970-01-08: the last purchase was later, on 1970-01-09.");
    }

    #[test]
    fn nothing_bought_is_no_answer() {
        assert!(table(HashMap::new(), None).unwrap_err().contains("no purchase"));
    }

    proptest! {
        #[test]
        fn merging_does_not_depend_on_the_order(parts in prop::collection::vec((0..1_000_i64, 1..9_i64, 0..1_000_i64), 3)) {
            let [one, two, three] = [0, 1, 2].map(|place: usize| {
                let (last, orders, spend) = parts[place];
                Purchases { last, orders, spend }
            });
            let forward = one.merge(two).unwrap().merge(three);
            prop_assert_eq!(forward, three.merge(one).unwrap().merge(two));
            prop_assert_eq!(forward, one.merge(two.merge(three).unwrap()));
        }
    }
}
