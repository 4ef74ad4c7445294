//! Purchases as a chain of stores might export them, made from a seed, with known habits behind them:
//! so that a demo has something to show and a test can compare the segments it finds with the true ones.

mod calendar;
mod catalogue;
mod plan;
mod shopper_kinds;

use std::io::{self, Write};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use calendar::{Receipt, receipts};
use catalogue::{Product, catalogue};
pub use plan::Plan;
pub use shopper_kinds::ShopperKind;
use shopper_kinds::kinds;

const HEADER: &[u8] =
    b"invoice_no,invoice_date,customer_id,stock_code,description,category,quantity,unit_price,store\n";
const STORES: [&str; 5] = ["Harbour", "Station", "Old Town", "Airport", "Mill Lane"];
const FIRST_INVOICE: usize = 500_001;
const FLUSH_BYTES: usize = 1 << 16;

/// Writes a year of purchases as CSV, in the order of time: a header and exactly `plan.rows` rows of about
/// 80 bytes. Holds the orders in memory (24 bytes each), never the rows.
///
/// # Errors
/// When `out` cannot be written.
pub fn purchases(plan: &Plan, out: &mut impl Write) -> io::Result<()> {
    let kinds = kinds(plan);
    let products = catalogue();
    let mut text = HEADER.to_vec();
    for (number, order) in receipts(plan, &kinds).iter().enumerate() {
        write_order(&mut text, number, order, plan, &products)?;
        if text.len() > FLUSH_BYTES {
            out.write_all(&text)?;
            text.clear();
        }
    }
    out.write_all(&text)?;
    out.flush()
}

/// Every shopper, as `customer_id` names them, with the kind they are.
pub fn truth(plan: &Plan) -> impl Iterator<Item = (String, ShopperKind)> {
    (0..).zip(kinds(plan)).map(|(shopper, kind)| (plan.customer_id(shopper).to_string(), kind))
}

fn write_order(
    text: &mut Vec<u8>,
    number: usize,
    order: &Receipt,
    plan: &Plan,
    products: &[Product],
) -> io::Result<()> {
    let mut start = Vec::with_capacity(48);
    let invoice = FIRST_INVOICE + number + plan.years_before() as usize * plan.rows as usize;
    write!(start, "{}{invoice}", if order.is_return { "C" } else { "" })?;
    write!(start, ",{},", datetime(order.second, plan.years_before()).format("%F %T"))?;
    if let Some(shopper) = order.shopper {
        write!(start, "{}", plan.customer_id(shopper))?;
    }
    let sign = if order.is_return { "-" } else { "" };
    let store = STORES[order.store(STORES.len())];
    for (product, quantity) in order.lines(plan.seed_of_year(), products) {
        text.extend_from_slice(&start);
        text.extend_from_slice(product.text.as_bytes());
        writeln!(text, "{sign}{quantity},{},{store}", product.price)?;
    }
    Ok(())
}

fn datetime(second: u32, years: u32) -> NaiveDateTime {
    let new_year = NaiveDate::from_ymd_opt(2025 + years as i32, 1, 1).expect("a day of the calendar");
    new_year.and_time(chrono::NaiveTime::MIN) + TimeDelta::seconds(second.into())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn writes_exactly_the_rows_of_the_plan() {
        for rows in [0, 1, 2, 49, 50, 99, 1_000, 2_000, 12_345] {
            let file = file(&plan(rows, 1));
            assert_eq!(file.lines().count() as u64, rows + 1, "header and {rows} rows");
            assert!(file.lines().all(|line| line.split(',').count() == 9));
        }
    }

    #[test]
    fn the_same_plan_gives_the_same_bytes() {
        assert_eq!(file(&plan(5_000, 7)), file(&plan(5_000, 7)));
        assert_ne!(file(&plan(5_000, 7)), file(&plan(5_000, 8)));
    }

    #[test]
    fn the_bytes_are_the_same_on_every_machine() {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = file(&plan(3_000, 42)).bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
        assert_eq!(format!("{hash:016x}"), "0c95ae8ecd3c506d");
    }

    #[test]
    fn every_true_shopper_stands_in_the_file_and_no_other() {
        for plan in [plan(1, 3), plan(30, 3), plan(20_000, 3), Plan { shoppers: Some(5_000), ..plan(2_000, 3) }] {
            let file = file(&plan);
            let shoppers: BTreeSet<_> = rows(&file).map(|row| row[2]).filter(|id| !id.is_empty()).collect();
            let truth: BTreeSet<_> = truth(&plan).map(|(shopper, _)| shopper).collect();
            assert_eq!(shoppers, truth.iter().map(String::as_str).collect());
        }
    }

    #[test]
    fn rows_come_in_the_order_of_time_and_invoices_are_numbered() {
        let file = file(&plan(5_000, 5));
        let orders: Vec<_> =
            rows(&file).map(|row| (row[1].to_owned(), row[0].trim_start_matches('C').to_owned())).collect();
        assert!(orders.is_sorted());
        assert!(orders[0].0.starts_with("2025-01-0") && orders[4_999].0.starts_with("2025-12-3"));
    }

    #[test]
    fn two_in_a_hundred_rows_are_returns_and_as_many_are_anonymous() {
        let file = file(&plan(10_000, 5));
        let returns = rows(&file).filter(|row| row[6].starts_with('-')).count();
        assert_eq!(returns, 200);
        assert_eq!(rows(&file).filter(|row| row[0].starts_with('C')).count(), returns);
        assert_eq!(rows(&file).filter(|row| row[2].is_empty()).count(), 200);
    }

    #[test]
    fn another_seed_has_other_shoppers() {
        let shoppers = |seed| truth(&plan(20_000, seed)).map(|(shopper, _)| shopper).collect::<BTreeSet<_>>();
        assert!(shoppers(1).is_disjoint(&shoppers(2)));
    }

    #[test]
    fn the_number_of_shoppers_can_be_given() {
        let plan = Plan { shoppers: Some(321), ..plan(50_000, 1) };
        assert_eq!(truth(&plan).count(), 321);
    }

    #[test]
    fn the_kinds_have_different_habits() {
        let plan = plan(20_000, 9);
        let file = file(&plan);
        let kinds: BTreeMap<_, _> = truth(&plan).collect();
        let mut last: BTreeMap<ShopperKind, BTreeMap<&str, &str>> = BTreeMap::new();
        let mut orders: BTreeMap<ShopperKind, BTreeSet<&str>> = BTreeMap::new();
        for row in rows(&file).filter(|row| !row[2].is_empty() && !row[0].starts_with('C')) {
            last.entry(kinds[row[2]]).or_default().insert(row[2], &row[1][..7]);
            orders.entry(kinds[row[2]]).or_default().insert(row[0]);
        }
        let frequency = |kind: ShopperKind| orders[&kind].len() / last[&kind].len();
        assert!(last[&ShopperKind::Lapsed].values().all(|month| *month < "2025-10"));
        assert!(last[&ShopperKind::Champion].values().all(|month| *month == "2025-12"));
        assert!(frequency(ShopperKind::Champion) > 2 * frequency(ShopperKind::Regular));
        assert!(frequency(ShopperKind::Regular) > 2 * frequency(ShopperKind::Occasional));
        assert!(frequency(ShopperKind::Occasional) > frequency(ShopperKind::Newcomer));
    }

    #[test]
    fn in_the_second_year_a_fifth_of_the_same_shoppers_shops_like_another_kind() {
        let first = plan(20_000, 4);
        let second = Plan { year: 2, ..first };
        let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) = (truth(&first).collect(), truth(&second).collect());
        assert!(before.keys().eq(after.keys()));
        let moved = before.iter().filter(|(shopper, kind)| after[*shopper] != **kind).count();
        assert_eq!(moved, before.len() / 5);
        let (a, b) = (file(&first), file(&second));
        let invoices = |file: &str| rows(file).map(|row| row[0].to_owned()).collect::<BTreeSet<_>>();
        assert!(invoices(&a).is_disjoint(&invoices(&b)));
        assert!(rows(&b).all(|row| row[1].starts_with("2026-")));
    }

    fn plan(rows: u64, seed: u64) -> Plan {
        Plan { rows, seed, shoppers: None, year: 1 }
    }

    fn file(plan: &Plan) -> String {
        let mut bytes = Vec::new();
        purchases(plan, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
        file.lines().skip(1).map(|line| line.split(',').collect())
    }
}
