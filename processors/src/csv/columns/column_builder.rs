//! The cells of one column on their way from bytes to an Arrow array.

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use std::sync::Arc;

use crate::csv::columns::plan::ColumnPlan;
use crate::csv::columns::text_builder::TextBuilder;
use crate::csv::columns::type_counts::TypeCounts;
use crate::csv::values::datetime::{DAY_MICROS, compact, datetime, digit_kinds, epoch};
use crate::csv::values::kinds::{CellFormat, Kinds};
use crate::csv::values::number;
use crate::csv::values::recognise::{boolean, is_null, kinds};

/// A column that is being filled.
pub(crate) struct ColumnBuilder {
    values: Values,
    cell_format: CellFormat,
    /// Nothing for text that is settled.
    counts: Option<TypeCounts>,
    last: Last,
}

/// The last cell of a format that takes long to read, its index and what it is. Equal cells follow each other often, above all
/// times.
#[derive(Default)]
struct Last {
    cell: Vec<u8>,
    index: usize,
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

impl ColumnBuilder {
    /// An empty column with room for so many rows.
    pub(crate) fn new(plan: &ColumnPlan, rows: usize) -> Self {
        let values = match plan.cell_format {
            CellFormat::Text => Values::Text(TextBuilder::new(rows)),
            CellFormat::Boolean => Values::Boolean(BooleanBuilder::with_capacity(rows)),
            CellFormat::Integer | CellFormat::Identifier => Values::Integer(Int64Builder::with_capacity(rows)),
            CellFormat::Decimal(_) => Values::Decimal(Float64Builder::with_capacity(rows)),
            CellFormat::Date(_) | CellFormat::CompactDate => Values::Date(Date32Builder::with_capacity(rows)),
            CellFormat::Timestamp(_) | CellFormat::Epoch => {
                Values::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows))
            }
        };
        let is_counted = plan.cell_format != CellFormat::Text || plan.counts_text;
        Self {
            values,
            cell_format: plan.cell_format,
            counts: is_counted.then(TypeCounts::default),
            last: Last::default(),
        }
    }

    /// Appends a cell, and counts what it is. False when it does not fit: then null was appended.
    pub(crate) fn push(&mut self, cell: &[u8]) -> bool {
        let trimmed = cell.trim_ascii();
        if is_null(trimmed) {
            self.values.append_null();
            return true;
        }
        let Some(counts) = &mut self.counts else {
            self.values.append_text(cell);
            return true;
        };
        if self.cell_format == CellFormat::Text {
            counts.add(kinds(trimmed));
            self.values.append_text(cell);
            return true;
        }
        let is_slow = self.cell_format.is_slow();
        if is_slow && trimmed == self.last.cell {
            self.values.repeat(self.last.index);
            counts.add(self.last.kinds);
            return true;
        }
        let index = self.values.len();
        let Some(found) = self.values.append(self.cell_format, trimmed) else {
            self.values.append_null();
            counts.add(kinds(trimmed));
            return false;
        };
        counts.add(found);
        if is_slow {
            self.last.cell.clear();
            self.last.cell.extend_from_slice(trimmed);
            (self.last.index, self.last.kinds) = (index, found);
        }
        true
    }

    /// The cells so far as an array; the next cells begin another.
    ///
    /// # Errors
    /// When text is not UTF-8, which the source has made sure of.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
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
    pub(crate) fn into_counts(self) -> Option<TypeCounts> {
        self.counts
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

    /// Appends the value at an index once more, where reading is slow.
    fn repeat(&mut self, index: usize) {
        match self {
            Self::Integer(builder) => builder.append_value(builder.values_slice()[index]),
            Self::Date(builder) => builder.append_value(builder.values_slice()[index]),
            Self::Timestamp(builder) => builder.append_value(builder.values_slice()[index]),
            Self::Text(_) | Self::Boolean(_) | Self::Decimal(_) => {}
        }
    }

    fn append_text(&mut self, cell: &[u8]) {
        if let Self::Text(builder) = self {
            builder.append(Some(cell));
        }
    }

    /// Appends a cell if it fits the format, and says everything that it fits.
    fn append(&mut self, cell_format: CellFormat, cell: &[u8]) -> Option<Kinds> {
        match (self, cell_format) {
            (Self::Integer(builder), CellFormat::Integer) => {
                builder.append_value(number::integer(cell)?);
                Some(number::WHOLE_NUMBER.and(digit_kinds(cell)))
            }
            (Self::Integer(builder), CellFormat::Identifier) => {
                builder.append_value(number::identifier(cell)?);
                Some(number::kinds(cell).and(digit_kinds(cell)))
            }
            (Self::Decimal(builder), CellFormat::Decimal(mark)) => {
                let (value, kinds) = number::decimal(cell, mark)?;
                builder.append_value(value);
                Some(kinds.and(digit_kinds(cell)))
            }
            (Self::Date(builder), CellFormat::Date(order)) => {
                let (micros, kinds) = datetime(cell, order).filter(|(_, kinds)| kinds.fits(Kinds::date(order)))?;
                builder.append_value(i32::try_from(micros / DAY_MICROS).ok()?);
                Some(kinds)
            }
            (Self::Timestamp(builder), CellFormat::Timestamp(order)) => {
                let (micros, kinds) = datetime(cell, order)?;
                builder.append_value(micros);
                Some(kinds)
            }
            (Self::Date(builder), CellFormat::CompactDate) => {
                builder.append_value(compact(cell)?);
                Some(kinds(cell))
            }
            (Self::Timestamp(builder), CellFormat::Epoch) => {
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
