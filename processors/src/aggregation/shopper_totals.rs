//! The rows of a file added up by shopper, whether each row is a purchase or a shopper.

use anyhow::{Result, bail};
use arrow::array::RecordBatch;
use domain::DatasetId;
use domain::dataset::{Shape, ShopperSummary};
use projections::frames::Frames;
use tokio::task::spawn_blocking;

use crate::aggregation::aggregate_fn::AggregateFn;
use crate::aggregation::external_sort::ExternalSort;
use crate::aggregation::name_column::NameColumn;
use crate::aggregation::orders::OrderTotals;
use crate::aggregation::purchase_frames;
use crate::aggregation::roles::row_shape::RowShape;

/// Rows being added up by shopper.
pub(crate) enum ShopperTotals {
    /// Each row is a purchase.
    Purchases(Box<OrderTotals>),
    /// Each row is a shopper.
    Table(Box<ShopperTable>),
}

/// The different shoppers of a shopper table.
pub(crate) struct ShopperTable {
    shopper: Option<usize>,
    names: ExternalSort<1>,
    rows: u64,
}

impl ShopperTotals {
    /// Nothing yet.
    pub(crate) fn new(shape: RowShape) -> Self {
        match shape {
            RowShape::Purchases(columns) => Self::Purchases(Box::new(OrderTotals::new(columns))),
            RowShape::Shoppers(shopper) => Self::Table(Box::new(ShopperTable::new(shopper))),
        }
    }

    /// Nothing yet, for other rows of the same file: several threads can add rows, each to its own.
    pub(crate) fn empty_like(&self) -> Self {
        match self {
            Self::Purchases(purchases) => Self::Purchases(Box::new(purchases.empty_like())),
            Self::Table(table) => Self::Table(Box::new(ShopperTable::new(table.shopper))),
        }
    }

    /// Adds what was added to others of the same file.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        match (self, other) {
            (Self::Purchases(purchases), Self::Purchases(other)) => purchases.merge(*other),
            (Self::Table(table), Self::Table(other)) => table.merge(*other),
            _ => bail!("rows are either purchases or shoppers"),
        }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When a column does not suit its role, or a temporary file cannot be written.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::Purchases(purchases) => purchases.add(batch),
            Self::Table(table) => table.add(batch),
        }
    }

    /// Whether some shopper has more than one row, so that rows are not shoppers.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub(crate) fn has_repeat_shoppers(&mut self) -> Result<bool> {
        let Self::Purchases(purchases) = self else { return Ok(false) };
        if purchases.orders.max_groups() < purchases.rows {
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
    pub(crate) async fn store(
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

impl ShopperTable {
    fn new(shopper: Option<usize>) -> Self {
        Self { shopper, names: ExternalSort::new([AggregateFn::Sum]), rows: 0 }
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.rows += other.rows;
        self.names.merge(other.names)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let Some(index) = self.shopper else { return Ok(()) };
        let (names, mut key) = (NameColumn::new(batch.column(index))?, Vec::new());
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
