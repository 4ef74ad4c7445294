//! Who the shoppers of a dataset are: adds their rows up and stores the frames that reports are made from.

pub mod meaning;
pub mod names;
pub mod purchases;
pub mod roles;
mod run_file;
pub mod runs;

use anyhow::Result;
use arrow::array::RecordBatch;
use domain::DatasetId;
use domain::dataset::{Shape, ShopperSummary};
use projections::frames::{FrameId, Frames};
use tokio::task::spawn_blocking;

use crate::ingest::reading::store::{self, Rows};
use purchases::{MICROS, Names, Purchases, order};
use roles::Rows as Meaning;
use runs::{Fold, Runs, fold};

/// Products that are kept, those of the highest revenue.
const PRODUCTS_MAX: usize = 50;
const TOO_LARGE: &str =
    "The amounts are too large to be added exactly. Check the columns of quantity, unit price and amount.";
const NO_PURCHASE: &str = "No row is a purchase: none has a shopper, a time, a quantity and a price above zero. Check the roles \
                           of the columns.";

/// Rows being added up by shopper.
pub enum Shoppers {
    /// Each row is a purchase.
    Purchases(Box<Purchases>),
    /// Each row is a shopper.
    Table(Box<Table>),
}

/// The different shoppers of a shopper table.
pub struct Table {
    shopper: Option<usize>,
    names: Runs<1>,
    rows: u64,
}

impl Shoppers {
    /// Nothing yet.
    pub fn new(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Purchases(places) => Self::Purchases(Box::new(Purchases::new(places))),
            Meaning::Shoppers(shopper) => {
                Self::Table(Box::new(Table { shopper, names: Runs::new([Fold::Sum]), rows: 0 }))
            }
        }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When a column does not suit its role, or a temporary file cannot be written.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::Purchases(purchases) => purchases.add(batch),
            Self::Table(table) => table.add(batch),
        }
    }

    /// Whether some shopper has more than one row, so that rows are not shoppers.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn come_again(&mut self) -> Result<bool> {
        let Self::Purchases(purchases) = self else { return Ok(false) };
        let (mut shopper, mut shoppers) = (Vec::new(), 0);
        purchases.orders.for_each(|name, _, _| {
            if name != shopper.as_slice() {
                shopper = name.to_vec();
                shoppers += 1;
            }
            Ok(())
        })?;
        Ok(shoppers < purchases.rows)
    }

    /// Stores the frames of the shoppers and sums them up, or says in a sentence why that cannot be.
    ///
    /// # Errors
    /// When they cannot be stored.
    pub async fn store(
        self,
        frames: &Frames,
        dataset: DatasetId,
        revision: u32,
    ) -> Result<Result<ShopperSummary, String>> {
        match self {
            Self::Purchases(purchases) => store_purchases(*purchases, frames, dataset, revision).await,
            Self::Table(table) => Ok(Ok(spawn_blocking(move || table.summary()).await??)),
        }
    }
}

impl Table {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let Some(place) = self.shopper else { return Ok(()) };
        let (names, mut key) = (Names::new(batch.column(place))?, Vec::new());
        for row in (0..batch.num_rows()).filter(|row| !names.is_null(*row)) {
            names.write(row, &mut key)?;
            self.names.add(&key, &[], &[1])?;
        }
        Ok(())
    }

    fn summary(mut self) -> Result<ShopperSummary> {
        let mut shopper_count = 0;
        self.names.for_each(|_, _, _| {
            shopper_count += 1;
            Ok(())
        })?;
        let shopper_count = if self.shopper.is_some() { shopper_count } else { self.rows };
        Ok(ShopperSummary {
            shape: Shape::Shoppers,
            shopper_count,
            order_count: 0,
            purchase_row_count: 0,
            revenue: 0.0,
        })
    }
}

async fn store_purchases(
    mut purchases: Purchases,
    frames: &Frames,
    dataset: DatasetId,
    revision: u32,
) -> Result<Result<ShopperSummary, String>> {
    let ids = [FrameId::orders, FrameId::shoppers, FrameId::products].map(|id| id(dataset, revision));
    let ((orders, from_orders), (shoppers, from_shoppers), (products, from_products)) =
        (store::channel(), store::channel(), store::channel());
    let adding = spawn_blocking(move || {
        let totals = add_orders(&mut purchases.orders, orders, shoppers)?;
        let is_exact = add_products(&mut purchases.products, products)?;
        anyhow::Ok(totals.summary(is_exact))
    });
    let (summary, orders, shoppers, products) = tokio::join!(
        adding,
        store::store(frames, &ids[0], from_orders),
        store::store(frames, &ids[1], from_shoppers),
        store::store(frames, &ids[2], from_products),
    );
    let manifests = [orders?, shoppers?, products?];
    let summary = summary??;
    if summary.is_ok() {
        for (id, manifest) in ids.iter().zip(&manifests) {
            frames.finish(id, manifest).await?;
        }
    }
    Ok(summary)
}

/// The sums over all shoppers.
#[derive(Default)]
struct Totals {
    shoppers: u64,
    orders: u64,
    lines: u64,
    revenue: i128,
    overflowed: bool,
}

impl Totals {
    fn summary(self, products_are_exact: bool) -> Result<ShopperSummary, String> {
        if self.overflowed || !products_are_exact {
            return Err(TOO_LARGE.to_owned());
        }
        if self.shoppers == 0 {
            return Err(NO_PURCHASE.to_owned());
        }
        Ok(ShopperSummary {
            shape: Shape::Purchases,
            shopper_count: self.shoppers,
            order_count: self.orders,
            purchase_row_count: self.lines,
            revenue: self.revenue as f64 / MICROS,
        })
    }
}

/// Orders come sorted by shopper, so a shopper is complete when the next one comes.
fn add_orders(orders: &mut Runs<8>, to_orders: store::Sender, to_shoppers: store::Sender) -> Result<Totals> {
    let mut order_rows =
        Rows::new(&["shopper", "order"], &["time"], &["spend", "quantity", "lines", "returns"], to_orders);
    let mut shopper_rows = Rows::new(
        &["shopper"],
        &["first_purchase", "last_purchase"],
        &["orders", "spend", "quantity", "lines", "returns", "returned"],
        to_shoppers,
    );
    let (mut totals, mut shopper) = (Totals::default(), Shopper::new(&[]));
    orders.for_each(|name, order, values| {
        if name != shopper.name.as_slice() {
            shopper.finish(&mut shopper_rows, &mut totals)?;
            shopper = Shopper::new(name);
        }
        shopper.add(values);
        let time = if values[order::LINES] > 0 { values[order::FIRST] } else { values[order::TIME] };
        let numbers = [order::SPEND, order::QUANTITY, order::LINES, order::RETURNS].map(|place| values[place]);
        order_rows.add(&[name, order], &[Some(time)], &numbers)
    })?;
    shopper.finish(&mut shopper_rows, &mut totals)?;
    order_rows.finish()?;
    shopper_rows.finish()?;
    Ok(totals)
}

/// One shopper's orders added up.
struct Shopper {
    name: Vec<u8>,
    orders: i64,
    values: [i64; 8],
}

impl Shopper {
    fn new(name: &[u8]) -> Self {
        Self { name: name.to_vec(), orders: 0, values: [i64::MAX, i64::MIN, i64::MAX, 0, 0, 0, 0, 0] }
    }

    fn add(&mut self, order: &[i64; 8]) {
        self.orders += i64::from(order[order::LINES] > 0);
        fold(&order::FOLDS, &mut self.values, order);
    }

    fn finish(&self, rows: &mut Rows, totals: &mut Totals) -> Result<()> {
        if self.name.is_empty() {
            return Ok(());
        }
        let [first, last, _, spend, quantity, lines, returns, returned] = self.values;
        let bought = |time| (lines > 0).then_some(time);
        totals.shoppers += u64::from(lines > 0);
        totals.orders += self.orders as u64;
        totals.lines += lines as u64;
        totals.revenue += i128::from(spend);
        totals.overflowed |= [spend, quantity, returned].contains(&i64::MAX);
        rows.add(
            &[&self.name],
            &[bought(first), bought(last)],
            &[self.orders, spend, quantity, lines, returns, returned],
        )
    }
}

/// Keeps the products of the highest revenue. False when a sum overflowed.
fn add_products(products: &mut Runs<2>, to_products: store::Sender) -> Result<bool> {
    let best = best_products(products)?;
    let mut rows = Rows::new(&["shopper", "product"], &[], &["quantity", "revenue"], to_products);
    let mut is_exact = true;
    products.for_each(|product, shopper, values| {
        is_exact &= !values.contains(&i64::MAX);
        if best.binary_search_by(|name| name.as_slice().cmp(product)).is_ok() {
            rows.add(&[shopper, product], &[], values)?;
        }
        Ok(())
    })?;
    rows.finish()?;
    Ok(is_exact)
}

/// The names of the products of the highest revenue, sorted. Of equals, the first names stay.
fn best_products(products: &mut Runs<2>) -> Result<Vec<Vec<u8>>> {
    let mut best: Vec<(std::cmp::Reverse<i128>, Vec<u8>)> = Vec::new();
    products.for_each(|product, _, [_, revenue]| {
        match best.last_mut().filter(|(_, name)| name.as_slice() == product) {
            Some((std::cmp::Reverse(total), _)) => *total += i128::from(*revenue),
            None => {
                keep_best(&mut best, 100 * PRODUCTS_MAX);
                best.push((std::cmp::Reverse((*revenue).into()), product.to_vec()));
            }
        }
        Ok(())
    })?;
    keep_best(&mut best, PRODUCTS_MAX);
    let mut names: Vec<Vec<u8>> = best.into_iter().map(|(_, name)| name).collect();
    names.sort_unstable();
    Ok(names)
}

/// Forgets all but the best when there are more than some.
fn keep_best<T: Ord>(best: &mut Vec<T>, limit: usize) {
    if best.len() > limit {
        best.sort_unstable();
        best.truncate(PRODUCTS_MAX);
    }
}
