//! The rows of a file added up by shopper, whether each row is a purchase or a shopper.

use anyhow::{Result, bail};
use arrow::array::RecordBatch;
use domain::DatasetId;
use domain::dataset::{Shape, ShopperSummary};
use projections::frames::Frames;
use tokio::task::spawn_blocking;

use crate::aggregation::aggregate_fn::Fold;
use crate::aggregation::external_sort::Runs;
use crate::aggregation::name_column::Names;
use crate::aggregation::orders::Purchases;
use crate::aggregation::purchase_frames;
use crate::aggregation::roles::Rows as Meaning;

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
            Self::Purchases(purchases) => purchase_frames::store(*purchases, frames, dataset, revision).await,
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
