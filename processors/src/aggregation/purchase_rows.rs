//! The rows of a batch as purchases: which columns matter, what is a purchase and what is not.

use std::sync::Mutex;

use anyhow::{Result, bail};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType};

use crate::aggregation::items::Items;
use crate::aggregation::name_column::NameColumn;
use crate::aggregation::roles::row_shape::PurchaseColumns;
use crate::csv::values::datetime::{DAY_MICROS, TIMESTAMP};
use crate::csv::values::iso8601::iso_date;
use crate::lock::lock;

/// Millionths of one.
pub(crate) const MICROS: f64 = 1e6;

/// One row, its amounts in millionths and not negative.
pub(crate) struct PurchaseRow {
    pub(crate) time: i64,
    pub(crate) quantity: i64,
    pub(crate) amount: i64,
    pub(crate) is_purchase: bool,
}

impl PurchaseRow {
    #[inline]
    pub(crate) fn totals(&self) -> [i64; 8] {
        if self.is_purchase {
            [self.time, self.time, self.time, self.amount, self.quantity, 1, 0, 0]
        } else {
            [i64::MAX, i64::MIN, self.time, 0, 0, 0, 1, self.amount]
        }
    }
}

/// The columns of a batch that matter. What is asked for every row is inlined, as it is where a row takes its time.
pub(crate) struct PurchaseRows<'a> {
    pub(crate) shopper: NameColumn<'a>,
    order: Option<NameColumn<'a>>,
    product: Option<NameColumn<'a>>,
    category: Option<NameColumn<'a>>,
    time: ArrayRef,
    quantity: Option<ArrayRef>,
    unit_price: Option<ArrayRef>,
    amount: Option<ArrayRef>,
}

impl<'a> PurchaseRows<'a> {
    pub(crate) fn new(batch: &'a RecordBatch, columns: &PurchaseColumns) -> Result<Self> {
        let names = |index: usize| NameColumn::new(batch.column(index));
        let numbers = |index: Option<usize>| index.map(|index| numbers(batch.column(index))).transpose();
        Ok(Self {
            shopper: names(columns.shopper)?,
            order: columns.order.map(names).transpose()?,
            product: columns.product.map(names).transpose()?,
            category: columns.category.map(names).transpose()?,
            time: times(batch.column(columns.time))?,
            quantity: numbers(columns.quantity)?,
            unit_price: numbers(columns.unit_price)?,
            amount: numbers(columns.amount)?,
        })
    }

    /// A row that names a shopper and a time. It is a purchase with a quantity and a price above zero, when
    /// the order was not cancelled.
    #[inline]
    pub(crate) fn purchase(&self, row: usize) -> Option<PurchaseRow> {
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
        Some(PurchaseRow {
            time: times.value(row),
            quantity: micros(quantity.unwrap_or(0.0)),
            amount: micros(amount.unwrap_or(0.0)),
            is_purchase: is_positive && !self.is_cancelled(row),
        })
    }

    /// Shops mark the numbers of cancelled orders with a C.
    fn is_cancelled(&self, row: usize) -> bool {
        let order = match &self.order {
            Some(NameColumn::Text(orders)) if orders.is_valid(row) => orders.value(row),
            Some(NameColumn::Coded(numbers, orders)) if numbers.is_valid(row) => {
                orders.value(numbers.value(row) as usize)
            }
            _ => return false,
        };
        order.starts_with(['C', 'c'])
    }

    /// What rows of one order have in common: the codes of the shopper and of the order's number or day.
    #[inline]
    pub(crate) fn order_code(&self, row: usize, time: i64) -> Option<(i64, bool, i64)> {
        let number = self.order.as_ref().filter(|orders| !orders.is_null(row));
        let order = number.map_or(Some(time.div_euclid(DAY_MICROS)), |orders| orders.code(row))?;
        Some((self.shopper.code(row)?, number.is_some(), order))
    }

    /// Without a number an order is what the shopper bought on that day.
    pub(crate) fn write_order(&self, row: usize, time: i64, name: &mut Vec<u8>) -> Result<()> {
        match self.order.as_ref().filter(|orders| !orders.is_null(row)) {
            Some(orders) => orders.write(row, name),
            None => {
                name.clear();
                name.extend_from_slice(iso_date(time.div_euclid(DAY_MICROS)).as_bytes());
                Ok(())
            }
        }
    }

    /// The number of the item that a row names; `name` is room for its name. None when the row has neither product nor
    /// category.
    pub(crate) fn item(&self, row: usize, items: &Mutex<Items>, name: &mut Vec<u8>) -> Result<Option<u32>> {
        name.clear();
        append(self.product.as_ref(), row, name)?;
        name.push(0);
        append(self.category.as_ref(), row, name)?;
        Ok(if name.len() > 1 { lock(items).number(name) } else { None })
    }

    /// The codes of product and category, where the columns have some.
    #[inline]
    pub(crate) fn item_codes(&self, row: usize) -> Option<(i32, i32)> {
        Some((code(self.product.as_ref(), row)?, code(self.category.as_ref(), row)?))
    }
}

/// The code of a row's name; -1 without one.
fn code(names: Option<&NameColumn<'_>>, row: usize) -> Option<i32> {
    match names {
        None => Some(-1),
        Some(NameColumn::Coded(codes, _)) => Some(if codes.is_null(row) { -1 } else { codes.value(row) }),
        Some(_) => None,
    }
}

fn append(names: Option<&NameColumn<'_>>, row: usize, text: &mut Vec<u8>) -> Result<()> {
    names.filter(|names| !names.is_null(row)).map_or(Ok(()), |names| names.append(row, text))
}

/// The size of a number in millionths. One that is too large becomes the largest, which the sums keep.
fn micros(number: f64) -> i64 {
    (number.abs() * MICROS).round() as i64
}

/// A column of numbers as floating-point numbers.
fn numbers(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Int64 | DataType::Float64 => Ok(cast(column, &DataType::Float64)?),
        other => bail!("a measure cannot be {other}"),
    }
}

/// A column of days or times as times.
fn times(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Date32 | DataType::Timestamp(..) => Ok(cast(column, &TIMESTAMP)?),
        other => bail!("a time cannot be {other}"),
    }
}
