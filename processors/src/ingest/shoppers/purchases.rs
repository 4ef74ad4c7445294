//! Adds the rows of purchases up by order and by product, and from that by shopper. Money and quantities are
//! whole millionths, so that sums are exact and the same in any order.

use anyhow::{Context, Result, bail};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::io::Write;

use super::roles::Places;
use super::runs::{Fold, Runs};
use crate::ingest::columns::moment::DAY;
use crate::ingest::columns::statistics::iso_date;

/// Millionths of one.
pub const MICROS: f64 = 1e6;

/// The totals of an order, by their place.
pub mod order {
    use super::Fold;

    /// The first purchase, in microseconds since 1970; `i64::MAX` without one. The last purchase follows it.
    pub const FIRST: usize = 0;
    /// The first row, purchase or not.
    pub const TIME: usize = 2;
    /// Millionths of money.
    pub const SPEND: usize = 3;
    /// Millionths of a piece.
    pub const QUANTITY: usize = 4;
    /// Rows that are purchases.
    pub const LINES: usize = 5;
    /// Rows that are not. Millionths of the money that was given back follow.
    pub const RETURNS: usize = 6;
    /// How two totals become one.
    pub const FOLDS: [Fold; 8] =
        [Fold::Min, Fold::Max, Fold::Min, Fold::Sum, Fold::Sum, Fold::Sum, Fold::Sum, Fold::Sum];
}

/// What was bought, by order and by product.
pub struct Purchases {
    places: Places,
    /// By shopper and order; see [`order`].
    pub orders: Runs<8>,
    /// Quantity and revenue in millionths, by product and shopper.
    pub products: Runs<2>,
    /// Rows that name a shopper.
    pub rows: u64,
}

impl Purchases {
    /// Nothing yet; the columns of a purchase are at these places.
    pub fn new(places: Places) -> Self {
        Self { places, orders: Runs::new(order::FOLDS), products: Runs::new([Fold::Sum; 2]), rows: 0 }
    }

    /// Adds rows. Those without a shopper or a time do not count.
    ///
    /// # Errors
    /// When a column has a type that its role cannot have, or a temporary file cannot be written.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let lines = Lines::new(batch, &self.places)?;
        let (mut shopper, mut name) = (Vec::new(), Vec::new());
        for row in 0..batch.num_rows() {
            let Some(line) = lines.line(row) else { continue };
            self.rows += 1;
            lines.shopper.write(row, &mut shopper)?;
            lines.write_order(row, line.time, &mut name)?;
            self.orders.add(&shopper, &name, &line.totals())?;
            if line.is_purchase && lines.write_product(row, &mut name)? {
                self.products.add(&name, &shopper, &[line.quantity, line.amount])?;
            }
        }
        Ok(())
    }
}

/// One row, its amounts in millionths and not negative.
struct Line {
    time: i64,
    quantity: i64,
    amount: i64,
    is_purchase: bool,
}

impl Line {
    fn totals(&self) -> [i64; 8] {
        if self.is_purchase {
            [self.time, self.time, self.time, self.amount, self.quantity, 1, 0, 0]
        } else {
            [i64::MAX, i64::MIN, self.time, 0, 0, 0, 1, self.amount]
        }
    }
}

/// The columns of a batch that matter.
struct Lines<'a> {
    shopper: Names<'a>,
    order: Option<Names<'a>>,
    product: Option<Names<'a>>,
    time: ArrayRef,
    quantity: Option<ArrayRef>,
    unit_price: Option<ArrayRef>,
    amount: Option<ArrayRef>,
}

impl<'a> Lines<'a> {
    fn new(batch: &'a RecordBatch, places: &Places) -> Result<Self> {
        let names = |place: usize| Names::new(batch.column(place));
        let numbers = |place: Option<usize>| place.map(|place| numbers(batch.column(place))).transpose();
        Ok(Self {
            shopper: names(places.shopper)?,
            order: places.order.map(names).transpose()?,
            product: places.product.map(names).transpose()?,
            time: times(batch.column(places.time))?,
            quantity: numbers(places.quantity)?,
            unit_price: numbers(places.unit_price)?,
            amount: numbers(places.amount)?,
        })
    }

    /// A row that names a shopper and a time. It is a purchase with a quantity and a price above zero, when
    /// the order was not cancelled.
    fn line(&self, row: usize) -> Option<Line> {
        let times = self.time.as_primitive::<TimestampMicrosecondType>();
        if self.shopper.is_null(row) || times.is_null(row) {
            return None;
        }
        let value = |column: &ArrayRef| column.is_valid(row).then(|| column.as_primitive::<Float64Type>().value(row));
        let quantity = self.quantity.as_ref().map_or(Some(1.0), value);
        let price = self.unit_price.as_ref().map_or(Some(1.0), value);
        let amount = match &self.amount {
            Some(column) => value(column),
            None => quantity.zip(price).map(|(quantity, price)| quantity * price),
        };
        let is_positive = [quantity, price, amount].iter().all(|number| number.is_some_and(|number| number > 0.0));
        Some(Line {
            time: times.value(row),
            quantity: micros(quantity.unwrap_or(0.0)),
            amount: micros(amount.unwrap_or(0.0)),
            is_purchase: is_positive && !self.is_cancelled(row),
        })
    }

    /// Shops mark the numbers of cancelled orders with a C.
    fn is_cancelled(&self, row: usize) -> bool {
        matches!(&self.order, Some(Names::Text(orders)) if orders.is_valid(row) && matches!(orders.value(row).as_bytes(), [b'C' | b'c', ..]))
    }

    /// Without a number an order is what the shopper bought on that day.
    fn write_order(&self, row: usize, time: i64, name: &mut Vec<u8>) -> Result<()> {
        match self.order.as_ref().filter(|orders| !orders.is_null(row)) {
            Some(orders) => orders.write(row, name),
            None => {
                name.clear();
                name.extend_from_slice(iso_date(time.div_euclid(DAY)).as_bytes());
                Ok(())
            }
        }
    }

    /// False when the row has no product.
    fn write_product(&self, row: usize, name: &mut Vec<u8>) -> Result<bool> {
        match self.product.as_ref().filter(|products| !products.is_null(row)) {
            Some(products) => products.write(row, name).map(|()| true),
            None => Ok(false),
        }
    }
}

/// The size of a number in millionths. One that is too large becomes the largest, which the sums keep.
fn micros(number: f64) -> i64 {
    (number.abs() * MICROS).round() as i64
}

/// A column whose values are names, as a person sees them.
pub enum Names<'a> {
    /// Text.
    Text(&'a StringArray),
    /// Whole numbers.
    Integer(&'a Int64Array),
    /// Anything else.
    Other(&'a ArrayRef, ArrayFormatter<'a>),
}

impl<'a> Names<'a> {
    /// The names in a column.
    ///
    /// # Errors
    /// When its type cannot be shown, which the types of frames can.
    pub fn new(column: &'a ArrayRef) -> Result<Self> {
        const OPTIONS: FormatOptions<'static> = FormatOptions::new();
        Ok(match column.data_type() {
            DataType::Utf8 => Self::Text(column.as_string()),
            DataType::Int64 => Self::Integer(column.as_primitive()),
            _ => Self::Other(column, ArrayFormatter::try_new(column, &OPTIONS)?),
        })
    }

    /// Whether a row has no name.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(names) => names.is_null(row),
            Self::Integer(names) => names.is_null(row),
            Self::Other(names, _) => names.is_null(row),
        }
    }

    /// Replaces a text by the name of a row.
    ///
    /// # Errors
    /// When it cannot be shown.
    pub fn write(&self, row: usize, name: &mut Vec<u8>) -> Result<()> {
        name.clear();
        match self {
            Self::Text(names) => name.extend_from_slice(names.value(row).as_bytes()),
            Self::Integer(names) => write!(name, "{}", names.value(row))?,
            Self::Other(_, names) => write!(name, "{}", names.value(row)).context("showing a name")?,
        }
        Ok(())
    }
}

/// A column of numbers as floating-point numbers.
fn numbers(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Int64 | DataType::Float64 => Ok(cast(column, &DataType::Float64)?),
        other => bail!("a measure cannot be {other}"),
    }
}

/// A column of days or moments as moments.
fn times(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Date32 | DataType::Timestamp(..) => {
            Ok(cast(column, &crate::ingest::columns::kinds::arrow_type(domain::dataset::ColumnType::Timestamp))?)
        }
        other => bail!("a time cannot be {other}"),
    }
}

#[cfg(test)]
mod tests;
