//! The totals must be those of the definitions, however the rows come.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema};
use proptest::prelude::*;

use super::*;
use crate::aggregation::aggregate_fn::{AggregateFn, combine};
use crate::csv::values::datetime::DAY_MICROS;
use crate::lock::lock;

const SPEND: usize = 3;
const RETURNS: usize = 6;

/// A row: shopper, order, day, quantity, price, product.
type Row = (Option<u8>, &'static str, Option<i64>, Option<i64>, Option<f64>, Option<&'static str>);
type Totals<const N: usize> = BTreeMap<(String, String), [i64; N]>;

proptest! {
    #[test]
    fn pieces_add_up_to_the_whole(rows in prop::collection::vec(row(), 0..80), cuts in prop::collection::vec(0..80_usize, 0..4)) {
        let mut whole = OrderTotals::new(purchase_columns());
        whole.add(&batch(&rows)).unwrap();
        let mut merged = OrderTotals::new(purchase_columns());
        for piece in split(&rows, &cuts).into_iter().rev() {
            let mut totals = merged.empty_like();
            totals.add(&batch(&piece)).unwrap();
            merged.merge(totals).unwrap();
        }
        prop_assert_eq!(merged.rows, whole.rows);
        prop_assert_eq!(totals(&mut merged.orders), totals(&mut whole.orders));
        prop_assert_eq!(items(&mut merged), items(&mut whole));
    }

    #[test]
    fn purchases_and_returns_are_told_apart(rows in prop::collection::vec(row(), 0..80)) {
        let mut purchases = OrderTotals::new(purchase_columns());
        purchases.add(&batch(&rows)).unwrap();
        let (mut spend, mut lines, mut returns) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (shopper, order, day, quantity, price, _) in rows {
            let (Some(shopper), Some(_)) = (shopper, day) else { continue };
            let (quantity, price) = (quantity.unwrap_or(0), price.unwrap_or(0.0));
            let key = (shopper.to_string(), order.to_owned());
            let is_purchase = quantity > 0 && price > 0.0 && !order.starts_with('C');
            *spend.entry(key.clone()).or_insert(0) += if is_purchase { quantity * (price * 4.0) as i64 * 250_000 } else { 0 };
            *lines.entry(key.clone()).or_insert(0) += i64::from(is_purchase);
            *returns.entry(key).or_insert(0) += i64::from(!is_purchase);
        }
        let found = totals(&mut purchases.orders);
        let column = |index: usize| found.iter().map(|(key, values)| (key.clone(), values[index])).collect::<BTreeMap<_, _>>();
        prop_assert_eq!(column(SPEND), spend);
        prop_assert_eq!(column(order_values::LINES), lines);
        prop_assert_eq!(column(RETURNS), returns);
    }
}

#[test]
fn the_amount_column_counts_before_quantity_times_price() {
    let columns = PurchaseColumns { amount: Some(4), unit_price: None, ..purchase_columns() };
    let mut purchases = OrderTotals::new(columns);
    purchases.add(&batch(&[(Some(1), "1", Some(0), Some(3), Some(10.0), None)])).unwrap();
    assert_eq!(
        totals(&mut purchases.orders).into_values().map(|values| values[SPEND]).collect::<Vec<_>>(),
        [10_000_000]
    );
}

fn row() -> impl Strategy<Value = Row> {
    let order = prop::sample::select(vec!["1", "2", "C3"]);
    // Quarters are exact, so the expected sums are as well.
    let price = prop::option::weighted(0.9, (-4..40_i32).prop_map(|quarters| f64::from(quarters) / 4.0));
    let product = prop::option::of(prop::sample::select(vec!["lamp", "bulb"]));
    let some = |range| prop::option::weighted(0.9, range);
    (prop::option::weighted(0.9, 0..4_u8), order, some(0..9_i64), some(-2..5_i64), price, product)
}

fn purchase_columns() -> PurchaseColumns {
    PurchaseColumns {
        shopper: 0,
        time: 2,
        order: Some(1),
        quantity: Some(3),
        unit_price: Some(4),
        amount: None,
        product: Some(5),
        category: None,
    }
}

fn batch(rows: &[Row]) -> RecordBatch {
    let shoppers: Int64Array = rows.iter().map(|row| row.0.map(i64::from)).collect();
    let orders: StringArray = rows.iter().map(|row| Some(row.1)).collect();
    let times: TimestampMicrosecondArray = rows.iter().map(|row| row.2.map(|day| day * DAY_MICROS)).collect();
    let quantities: Int64Array = rows.iter().map(|row| row.3).collect();
    let prices: Float64Array = rows.iter().map(|row| row.4).collect();
    let products: StringArray = rows.iter().map(|row| row.5).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(shoppers),
        Arc::new(orders),
        Arc::new(times),
        Arc::new(quantities),
        Arc::new(prices),
        Arc::new(products),
    ];
    let fields = columns
        .iter()
        .enumerate()
        .map(|(index, column)| Field::new(index.to_string(), column.data_type().clone(), true));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns).unwrap()
}

fn split(rows: &[Row], cuts: &[usize]) -> Vec<Vec<Row>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (rows.len() + 1)).chain([0, rows.len()]).collect();
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| rows[cut[0]..cut[1]].to_vec()).collect()
}

fn totals<const N: usize>(runs: &mut ExternalSort<N>) -> Totals<N> {
    let mut all = BTreeMap::new();
    runs.for_each(|group, member, values, _| {
        all.insert((text(group), text(member)), *values);
        Ok(())
    })
    .unwrap();
    all
}

/// Quantity and revenue by order and product.
fn items(purchases: &mut OrderTotals) -> Totals<2> {
    let items = lock(&purchases.items);
    let (ranks, names) = items.sorted();
    let names: Vec<String> = names.iter().map(|(product, _)| text(product)).collect();
    let mut all = BTreeMap::new();
    purchases
        .orders
        .for_each(|shopper, order, _, lines| {
            for line in lines {
                let name = names[ranks[line.item as usize] as usize].clone();
                let sold = all.entry((format!("{} {}", text(shopper), text(order)), name)).or_insert([0, 0]);
                combine(&[AggregateFn::Sum; 2], sold, &line.values);
            }
            Ok(())
        })
        .unwrap();
    all
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
