//! Who the shoppers of a dataset are: adds their rows up and stores the frames that reports are made from.

pub mod meaning;
mod name_column;
pub mod names;
mod parts;
pub mod purchases;
pub mod roles;
mod run_file;
pub mod runs;
mod sales;

use anyhow::{Result, anyhow, bail};
use arrow::array::RecordBatch;
use domain::DatasetId;
use domain::dataset::{Shape, ShopperSummary};
use futures::future::{join_all, try_join_all};
use projections::frames::{FrameId, Frames};
use tokio::task::spawn_blocking;

use crate::ingest::lock;
use crate::ingest::reading::store::{self, Rows};
use name_column::Names;
use parts::{Part, unite};
use purchases::{MICROS, Purchases, order};
use roles::Rows as Meaning;
use runs::{Fold, Runs, fold};
use sales::Sales;

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
            Meaning::Shoppers(shopper) => Self::Table(Box::new(Table::new(shopper))),
        }
    }

    /// Nothing yet, for other rows of the same file: several threads can add rows, each to its own.
    pub fn beside(&self) -> Self {
        match self {
            Self::Purchases(purchases) => Self::Purchases(Box::new(purchases.beside())),
            Self::Table(table) => Self::Table(Box::new(Table::new(table.shopper))),
        }
    }

    /// Adds what was added beside.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub fn absorb(&mut self, other: Self) -> Result<()> {
        match (self, other) {
            (Self::Purchases(purchases), Self::Purchases(other)) => purchases.absorb(*other),
            (Self::Table(table), Self::Table(other)) => table.absorb(*other),
            _ => bail!("rows are either purchases or shoppers"),
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
        if purchases.orders.groups_at_most() < purchases.rows {
            return Ok(true);
        }
        let (mut shopper, mut shoppers) = (Vec::new(), 0);
        purchases.orders.for_each(|name, _, _, _| {
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
    fn new(shopper: Option<usize>) -> Self {
        Self { shopper, names: Runs::new([Fold::Sum]), rows: 0 }
    }

    fn absorb(&mut self, other: Self) -> Result<()> {
        self.rows += other.rows;
        self.names.absorb(other.names)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let Some(place) = self.shopper else { return Ok(()) };
        let (names, mut key) = (Names::new(batch.column(place))?, Vec::new());
        for row in (0..batch.num_rows()).filter(|row| !names.is_null(*row)) {
            names.write(row, &mut key)?;
            self.names.add(&key, &[], &[1], None)?;
        }
        Ok(())
    }

    fn summary(mut self) -> Result<ShopperSummary> {
        let mut shopper_count = 0;
        self.names.for_each(|_, _, _, _| {
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
    let ids = [FrameId::orders, FrameId::shoppers, FrameId::sales, FrameId::items].map(|id| id(dataset, revision));
    let (senders, receivers): (Vec<_>, Vec<_>) = ids.iter().map(|_| store::channel()).unzip();
    let adding = spawn_blocking(move || Outlets::new(senders)?.add(&mut purchases));
    let storing = ids.iter().zip(receivers).map(|(id, batches)| store::store(frames, id, batches));
    let (summary, manifests) = tokio::join!(adding, join_all(storing));
    let manifests = manifests.into_iter().collect::<Result<Vec<_>>>()?;
    let summary = summary??;
    if summary.is_ok() {
        let finishing = ids.iter().zip(&manifests).map(|(id, manifest)| frames.finish(id, manifest));
        try_join_all(finishing).await?;
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
    fn summary(self) -> Result<ShopperSummary, String> {
        if self.overflowed {
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

/// The frames that are made of purchases.
struct Outlets {
    orders: Rows,
    shoppers: Rows,
    sales: Sales,
    items: Rows,
}

impl Outlets {
    fn new(senders: Vec<store::Sender>) -> Result<Self> {
        let [orders, shoppers, sales, items] = senders.try_into().map_err(|_| anyhow!("a frame has no channel"))?;
        let of_order = ["spend", "quantity", "lines", "returns", "returned"];
        let of_shopper = ["orders", "spend", "quantity", "lines", "returns", "returned"];
        Ok(Self {
            orders: Rows::new(&["shopper", "order"], &["time", "last_purchase"], &of_order, orders),
            shoppers: Rows::new(&["shopper"], &["first_purchase", "last_purchase"], &of_shopper, shoppers),
            sales: Sales::new(sales),
            items: Rows::new(&["product", "category"], &[], &["quantity", "revenue"], items),
        })
    }

    /// Orders come sorted by shopper, so a shopper is complete when the next one comes. Sales name shopper, order and
    /// item by their rows in the other frames.
    fn add(mut self, purchases: &mut Purchases) -> Result<Result<ShopperSummary, String>> {
        let items = lock(&purchases.items);
        let (ranks, names) = items.sorted();
        let (mut sold, mut bought) = (vec![[0_i64; 2]; names.len()], Vec::new());
        let (mut totals, mut shopper) = (Totals::default(), Shopper::new(&[]));
        let (mut shoppers, mut orders) = (0_u32, 0_u32);
        purchases.orders.for_each(|name, order, values, parts| {
            if name != shopper.name.as_slice() {
                shoppers += u32::from(shopper.finish(&mut self.shoppers, &mut totals)?);
                shopper = Shopper::new(name);
            }
            shopper.add(values);
            self.add_order(name, order, values)?;
            bought.clear();
            let known = parts.iter().filter(|_| !ranks.is_empty());
            bought.extend(known.map(|part| Part { item: ranks[part.item as usize], ..*part }));
            unite(&mut bought);
            for part in &bought {
                self.sales.add(shoppers, orders, part)?;
                fold(&[Fold::Sum; 2], &mut sold[part.item as usize], &part.values);
            }
            orders += 1;
            Ok(())
        })?;
        shopper.finish(&mut self.shoppers, &mut totals)?;
        for ((product, category), sold) in names.iter().zip(&sold) {
            self.items.add(&[product, category], &[], sold)?;
            totals.overflowed |= sold.contains(&i64::MAX);
        }
        self.sales.finish()?;
        [self.orders, self.shoppers, self.items].into_iter().try_for_each(Rows::finish)?;
        Ok(totals.summary())
    }

    fn add_order(&mut self, shopper: &[u8], order: &[u8], values: &[i64; 8]) -> Result<()> {
        let [first, last, time, spend, quantity, lines, returns, returned] = *values;
        let times = if lines > 0 { [Some(first), Some(last)] } else { [Some(time), None] };
        self.orders.add(&[shopper, order], &times, &[spend, quantity, lines, returns, returned])
    }
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

    /// Adds its row, if it is a shopper, and says so.
    fn finish(&self, rows: &mut Rows, totals: &mut Totals) -> Result<bool> {
        if self.name.is_empty() {
            return Ok(false);
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
        )?;
        Ok(true)
    }
}
