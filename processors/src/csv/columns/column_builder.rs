//! The cells of one column on their way from bytes to an Arrow array.

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use std::sync::Arc;

use crate::csv::columns::plan::ColumnPlan;
use crate::csv::columns::text_builder::TextBuilder;
use crate::csv::columns::type_counts::Census;
use crate::csv::values::datetime::{DAY, compact, digit_kinds, epoch, moment};
use crate::csv::values::kinds::{Kinds, Reading};
use crate::csv::values::number;
use crate::csv::values::recognise::{boolean, is_null, kinds};

/// A column that is being filled.
pub struct Cells {
    values: Values,
    reading: Reading,
    /// Nothing for text that is settled.
    census: Option<Census>,
    last: Last,
}

/// The last cell of a reading that takes long, its place and what it is. Equal cells follow each other often, above all
/// times.
#[derive(Default)]
struct Last {
    cell: Vec<u8>,
    place: usize,
    kinds: Kinds,
}

enum Values {
    Text(TextBuilder),
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Decimal(Float64Builder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

impl Cells {
    /// An empty column with room for so many rows.
    pub fn new(plan: &ColumnPlan, rows: usize) -> Self {
        let values = match plan.reading {
            Reading::Text => Values::Text(TextBuilder::new(rows)),
            Reading::Boolean => Values::Boolean(BooleanBuilder::with_capacity(rows)),
            Reading::Integer | Reading::Identifier => Values::Integer(Int64Builder::with_capacity(rows)),
            Reading::Decimal(_) => Values::Decimal(Float64Builder::with_capacity(rows)),
            Reading::Date(_) | Reading::CompactDate => Values::Date(Date32Builder::with_capacity(rows)),
            Reading::Timestamp(_) | Reading::Epoch => {
                Values::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows))
            }
        };
        let is_counted = plan.reading != Reading::Text || plan.counts_text;
        Self { values, reading: plan.reading, census: is_counted.then(Census::default), last: Last::default() }
    }

    /// Appends a cell, and counts what it is. False when it does not fit: then null was appended.
    pub fn push(&mut self, cell: &[u8]) -> bool {
        let trimmed = cell.trim_ascii();
        if is_null(trimmed) {
            self.values.append_null();
            return true;
        }
        let Some(census) = &mut self.census else {
            self.values.append_text(cell);
            return true;
        };
        if self.reading == Reading::Text {
            census.add(kinds(trimmed));
            self.values.append_text(cell);
            return true;
        }
        let is_slow = self.reading.is_slow();
        if is_slow && trimmed == self.last.cell {
            self.values.repeat(self.last.place);
            census.add(self.last.kinds);
            return true;
        }
        let place = self.values.len();
        let Some(found) = self.values.append(self.reading, trimmed) else {
            self.values.append_null();
            census.add(kinds(trimmed));
            return false;
        };
        census.add(found);
        if is_slow {
            self.last.cell.clear();
            self.last.cell.extend_from_slice(trimmed);
            (self.last.place, self.last.kinds) = (place, found);
        }
        true
    }

    /// The cells so far as an array; the next cells begin another.
    ///
    /// # Errors
    /// When text is not UTF-8, which the source has made sure of.
    pub fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.last = Last::default();
        Ok(match &mut self.values {
            Values::Text(builder) => builder.finish()?,
            Values::Boolean(builder) => Arc::new(builder.finish()),
            Values::Integer(builder) => Arc::new(builder.finish()),
            Values::Decimal(builder) => Arc::new(builder.finish()),
            Values::Date(builder) => Arc::new(builder.finish()),
            Values::Timestamp(builder) => Arc::new(builder.finish()),
        })
    }

    /// What all cells are, when they were counted.
    pub fn into_census(self) -> Option<Census> {
        self.census
    }
}

impl Values {
    fn append_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append(None),
            Self::Boolean(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Decimal(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
        }
    }

    /// How many cells were appended, where reading is slow.
    fn len(&self) -> usize {
        match self {
            Self::Integer(builder) => builder.len(),
            Self::Date(builder) => builder.len(),
            Self::Timestamp(builder) => builder.len(),
            Self::Text(_) | Self::Boolean(_) | Self::Decimal(_) => 0,
        }
    }

    /// Appends the value at a place once more, where reading is slow.
    fn repeat(&mut self, place: usize) {
        match self {
            Self::Integer(builder) => builder.append_value(builder.values_slice()[place]),
            Self::Date(builder) => builder.append_value(builder.values_slice()[place]),
            Self::Timestamp(builder) => builder.append_value(builder.values_slice()[place]),
            Self::Text(_) | Self::Boolean(_) | Self::Decimal(_) => {}
        }
    }

    fn append_text(&mut self, cell: &[u8]) {
        if let Self::Text(builder) = self {
            builder.append(Some(cell));
        }
    }

    /// Appends a cell if it fits the reading, and says everything that it fits.
    fn append(&mut self, reading: Reading, cell: &[u8]) -> Option<Kinds> {
        match (self, reading) {
            (Self::Integer(builder), Reading::Integer) => {
                builder.append_value(number::integer(cell)?);
                Some(number::WHOLE_NUMBER.and(digit_kinds(cell)))
            }
            (Self::Integer(builder), Reading::Identifier) => {
                builder.append_value(number::identifier(cell)?);
                Some(number::kinds(cell).and(digit_kinds(cell)))
            }
            (Self::Decimal(builder), Reading::Decimal(mark)) => {
                let (value, kinds) = number::decimal(cell, mark)?;
                builder.append_value(value);
                Some(kinds.and(digit_kinds(cell)))
            }
            (Self::Date(builder), Reading::Date(order)) => {
                let (micros, kinds) = moment(cell, order).filter(|(_, kinds)| kinds.fits(Kinds::date(order)))?;
                builder.append_value(i32::try_from(micros / DAY).ok()?);
                Some(kinds)
            }
            (Self::Timestamp(builder), Reading::Timestamp(order)) => {
                let (micros, kinds) = moment(cell, order)?;
                builder.append_value(micros);
                Some(kinds)
            }
            (Self::Date(builder), Reading::CompactDate) => {
                builder.append_value(compact(cell)?);
                Some(kinds(cell))
            }
            (Self::Timestamp(builder), Reading::Epoch) => {
                builder.append_value(epoch(cell)?);
                Some(kinds(cell))
            }
            (Self::Boolean(builder), _) => {
                builder.append_value(boolean(cell)?);
                Some(Kinds::BOOLEAN)
            }
            _ => None,
        }
    }
}
