//! From purchases to features: what a shopper's purchases tell of their habits, in units that people know.

use chrono::{DateTime, Days, NaiveDate};
use domain::report::Habit;
use ndarray::Array2;

use super::category_shares::CategoryShares;
use crate::segmentation::feature_table::{Buyers, Feature, FeatureTable, MIN_BUYERS};
use crate::segmentation::load::purchase_totals::PurchaseTotals;
use crate::segmentation::load::purchases::MergedPurchases;

const MICROS: f64 = 1e6;

/// The shoppers of merged purchases with their habits.
///
/// # Errors
/// A sentence: there is no purchase, `as_of` is before the last one, or all shoppers bought once or on one day.
pub(crate) fn table(
    merged: MergedPurchases,
    habits: &[Habit],
    categories: Option<CategoryShares>,
    as_of: Option<NaiveDate>,
) -> Result<FeatureTable, String> {
    let last = merged.shoppers.iter().filter_map(|(_, own)| day(own.last)).max();
    let last = last.ok_or("The datasets hold no purchase: no row has a shopper, a quantity and a price above zero.")?;
    let as_of = as_of.or(last.checked_add_days(Days::new(1))).unwrap_or(last);
    if as_of < last {
        return Err(format!("Recency cannot count from {as_of}: the last purchase was later, on {last}."));
    }
    tell_apart(&merged.shoppers, last)?;
    let mut features = vec![];
    let mut columns: Vec<Vec<f64>> = vec![];
    for habit in habits.iter().filter(|habit| **habit != Habit::CategoryShares) {
        features.push(Feature::number(habit.to_string()));
        columns.push(merged.shoppers.iter().map(|(_, own)| value(own, *habit, as_of)).collect());
    }
    let mut notes = notes(&merged.shoppers, habits);
    if let Some(shares) = categories {
        notes.extend(shares.note);
        features.extend(shares.names.iter().map(|name| Feature::number(format!("share of {name}"))));
        columns.extend(shares.columns);
    }
    let values = Array2::from_shape_fn((merged.shoppers.len(), features.len()), |(row, column)| columns[column][row]);
    let buyers = buyers(&merged, as_of);
    let shoppers = merged.shoppers.into_iter().map(|(shopper, _)| shopper).collect();
    Ok(FeatureTable { shoppers, features, values, buyers: Some(buyers), notes })
}

/// Whether there are habits at all: with enough shoppers, somebody came twice, and not all on one day.
fn tell_apart(shoppers: &[(String, PurchaseTotals)], last: NaiveDate) -> Result<(), String> {
    if shoppers.len() < MIN_BUYERS {
        return Ok(());
    }
    if shoppers.iter().all(|(_, own)| day(own.first) == Some(last)) {
        return Err(format!("All purchases are of one day, {last}. Habits show over weeks: upload a longer period."));
    }
    if shoppers.iter().all(|(_, own)| own.orders == 1) {
        return Err(
            "Every shopper bought only once, so there are no habits to compare. Upload a longer period, or check \
                    which column names the shopper."
                .to_owned(),
        );
    }
    Ok(())
}

fn buyers(merged: &MergedPurchases, as_of: NaiveDate) -> Buyers {
    let column = |habit| merged.shoppers.iter().map(|(_, own)| value(own, habit, as_of)).collect();
    Buyers {
        as_of,
        spend: merged.shoppers.iter().map(|(_, own)| own.spend).collect(),
        recency: column(Habit::Recency),
        frequency: column(Habit::Frequency),
        monetary: column(Habit::Monetary),
        stores: merged.stores.clone(),
        spend_by_store: merged.spend_by_store.clone(),
    }
}

fn value(own: &PurchaseTotals, habit: Habit, as_of: NaiveDate) -> f64 {
    let since = |micros| day(micros).map_or(0.0, |day| (as_of - day).num_days() as f64);
    match habit {
        Habit::Recency => since(own.last),
        Habit::Frequency => own.orders as f64,
        Habit::Monetary => own.spend as f64 / MICROS,
        Habit::AverageBasket => own.spend as f64 / MICROS / own.orders as f64,
        Habit::ItemsPerOrder => own.quantity as f64 / MICROS / own.orders as f64,
        Habit::DaysBetweenOrders if own.orders > 1 => (since(own.first) - since(own.last)) / (own.orders - 1) as f64,
        Habit::DaysBetweenOrders | Habit::Tenure => since(own.first),
        Habit::ReturnRate => own.returns as f64 / (own.lines + own.returns) as f64,
        Habit::CategoryShares => 0.0,
    }
}

fn notes(shoppers: &[(String, PurchaseTotals)], habits: &[Habit]) -> Vec<String> {
    let once = shoppers.iter().filter(|(_, own)| own.orders == 1).count() as u64;
    let waiting = habits.contains(&Habit::DaysBetweenOrders) && once > 0;
    let note = || {
        let shoppers = crate::segmentation::number_format::counted(once, "shopper");
        format!("{shoppers} ordered once; their days between orders are the days since then.")
    };
    waiting.then(note).into_iter().collect()
}

fn day(micros: i64) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp_micros(micros)?.date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;
    const RFM: [Habit; 3] = [Habit::Recency, Habit::Frequency, Habit::Monetary];

    #[test]
    fn recency_counts_days_to_the_day_after_the_last_purchase() {
        let merged = merged(&[("a", own(8 * DAY + DAY - 1, 1, 2)), ("b", own(10 * DAY + 5, 3, 12))]);
        let table = table(merged, &RFM, None, None).unwrap();
        assert_eq!(table.values, ndarray::array![[3.0, 1.0, 2.0], [1.0, 3.0, 12.0]]);
        assert_eq!(table.buyers.unwrap().as_of, NaiveDate::from_ymd_opt(1970, 1, 12).unwrap());
    }

    #[test]
    fn further_habits_are_told_from_the_same_purchases() {
        use Habit::*;
        let often = PurchaseTotals { first: 2 * DAY, returns: 1, lines: 3, ..own(10 * DAY, 5, 60) };
        let merged = merged(&[("once", own(9 * DAY, 1, 8)), ("often", often)]);
        let habits = [AverageBasket, ItemsPerOrder, DaysBetweenOrders, Tenure, ReturnRate];
        let table = table(merged, &habits, None, None).unwrap();
        assert_eq!(table.values, ndarray::array![[8.0, 2.0, 2.0, 2.0, 0.0], [12.0, 2.0, 2.0, 9.0, 0.25]]);
        assert!(table.notes[0].starts_with("1 shopper ordered once"));
    }

    #[test]
    fn refuses_a_day_before_the_last_purchase() {
        let merged = merged(&[("a", own(8 * DAY, 1, 1))]);
        let reason = table(merged, &RFM, None, NaiveDate::from_ymd_opt(1970, 1, 8)).unwrap_err();
        assert_eq!(reason, "Recency cannot count from 1970-01-08: the last purchase was later, on 1970-01-09.");
    }

    #[test]
    fn what_shows_no_habits_is_no_answer() {
        assert!(table(MergedPurchases::default(), &RFM, None, None).unwrap_err().contains("no purchase"));
        let shoppers = |orders: i64, days: i64| {
            let shopper = move |index: i64| (format!("{index:02}"), own((9 + index % days) * DAY, orders, index));
            MergedPurchases { shoppers: (0..40).map(shopper).collect(), ..MergedPurchases::default() }
        };
        assert!(table(shoppers(1, 9), &RFM, None, None).unwrap_err().contains("only once"));
        assert!(table(shoppers(2, 1), &RFM, None, None).unwrap_err().contains("of one day, 1970-01-10"));
        assert!(table(shoppers(2, 9), &RFM, None, None).is_ok());
    }

    fn merged(shoppers: &[(&str, PurchaseTotals)]) -> MergedPurchases {
        let shoppers = shoppers.iter().map(|(name, own)| ((*name).to_owned(), *own)).collect();
        MergedPurchases { shoppers, ..MergedPurchases::default() }
    }

    fn own(time: i64, orders: i64, spend: i64) -> PurchaseTotals {
        let micros = 1_000_000;
        let (spend, quantity) = (spend * micros, 2 * orders * micros);
        PurchaseTotals { first: time, last: time, orders, spend, quantity, lines: orders, returns: 0 }
    }
}
