//! Columns in as few bytes as the values of a chunk need: less to compress, to write and to read. Whole numbers and
//! times become steps above the least of them, amounts with few decimals become whole numbers. The metadata of a field
//! says what was done to its column.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema, TimeUnit,
    TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
};

/// Names the type that a column had.
const WAS: &str = "was";
/// What every number of a column was taken off.
const BASE: &str = "base";
/// What every number was divided by after that.
const STEP: &str = "step";
/// What every number was multiplied by before that.
const SCALE: &str = "scale";

const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// A column in fewer bytes, and how.
type Compacted = (ArrayRef, Vec<(&'static str, i64)>);

/// The same batch with columns in as few bytes as their values need.
///
/// # Errors
/// When a dictionary has values other than text.
pub(super) fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    change(batch, |field, column| {
        let compacted = match column.data_type() {
            DataType::Int64 => compact_numbers(column.as_primitive()),
            DataType::Float64 => compact_decimals(column.as_primitive()),
            DataType::UInt32 => compact_indexes(column.as_primitive()),
            DataType::Dictionary(codes, _) if **codes == DataType::Int32 => compact_codes(column.as_dictionary())?,
            other if *other == TIME => {
                compact_numbers(&column.as_primitive::<TimestampMicrosecondType>().reinterpret_cast())
            }
            _ => None,
        };
        let Some((compacted, how)) = compacted else { return Ok((field.clone(), column.clone())) };
        let was = (WAS.to_owned(), column.data_type().to_string());
        let how = how.into_iter().map(|(key, number)| (key.to_owned(), number.to_string()));
        let field = field.clone().with_data_type(compacted.data_type().clone());
        Ok((field.with_metadata(HashMap::from_iter(how.chain([was]))), compacted))
    })
}

/// Whole numbers as steps above the least, in the least type that holds them all.
fn compact_numbers(column: &Int64Array) -> Option<Compacted> {
    let (base, greatest) = (min(column).unwrap_or(0), max(column).unwrap_or(0));
    let span = greatest.checked_sub(base)?;
    let step = if span > 0 { step(column, base) } else { 1 };
    // What lies under a null may be cut off.
    let steps = |number: i64| number.wrapping_sub(base) / step;
    let compacted: ArrayRef = match span / step {
        0..=0xFF => Arc::new(column.unary::<_, UInt8Type>(|number| steps(number) as u8)),
        0x100..=0xFFFF => Arc::new(column.unary::<_, UInt16Type>(|number| steps(number) as u16)),
        0x1_0000..=0xFFFF_FFFF => Arc::new(column.unary::<_, UInt32Type>(|number| steps(number) as u32)),
        _ => return None,
    };
    Some((compacted, vec![(BASE, base), (STEP, step)]))
}

/// What divides the difference of every number to the least: seconds, whole pieces and cents often do.
fn step(column: &Int64Array, base: i64) -> i64 {
    let divides =
        |step: i64| (0..column.len()).all(|row| column.is_null(row) || (column.value(row) - base) % step == 0);
    [1_000_000, 10_000].into_iter().find(|step| divides(*step)).unwrap_or(1)
}

/// Amounts as whole hundredths and the like, where that loses nothing.
fn compact_decimals(column: &Float64Array) -> Option<Compacted> {
    let whole = |scale: f64| {
        let numbers = column.unary::<_, Int64Type>(|number| (number * scale).round() as i64);
        let is_same = |(number, whole): (&f64, &i64)| (*whole as f64 / scale).to_bits() == number.to_bits();
        column.values().iter().zip(numbers.values()).all(is_same).then_some(numbers)
    };
    let (scale, numbers) = [1, 100, 10_000].into_iter().find_map(|scale| Some((scale, whole(scale as f64)?)))?;
    let (compacted, mut how) = compact_numbers(&numbers)?;
    how.push((SCALE, scale));
    Some((compacted, how))
}

fn compact_indexes(column: &UInt32Array) -> Option<Compacted> {
    let compacted: ArrayRef = match max(column).unwrap_or(0) {
        0..=0xFF => Arc::new(column.unary::<_, UInt8Type>(|index| index as u8)),
        0x100..=0xFFFF => Arc::new(column.unary::<_, UInt16Type>(|index| index as u16)),
        _ => return None,
    };
    Some((compacted, vec![]))
}

fn compact_codes(column: &DictionaryArray<Int32Type>) -> Result<Option<Compacted>> {
    let (codes, texts) = (column.keys(), column.values().clone());
    let compacted: ArrayRef = match texts.len() {
        0..=0x80 => Arc::new(DictionaryArray::try_new(codes.unary::<_, Int8Type>(|code| code as i8), texts)?),
        0x81..=0x8000 => Arc::new(DictionaryArray::try_new(codes.unary::<_, Int16Type>(|code| code as i16), texts)?),
        _ => return Ok(None),
    };
    Ok(Some((compacted, vec![])))
}

/// The batch as it was before it was made compact, its texts written out. In a chunk a column of few different texts has
/// each of them once.
///
/// # Errors
/// When a dictionary has values other than text, or a column is none that was made compact.
pub fn expand(batch: &RecordBatch) -> Result<RecordBatch> {
    change(batch, |field, column| {
        let expanded = match (column.data_type(), field.metadata().get(WAS)) {
            (DataType::Dictionary(..), _) => cast(column, &DataType::Utf8)?,
            // Frames have small numbers of their own, too.
            (_, Some(was)) => expand_numbers(field, column, was)?,
            (_, None) => column.clone(),
        };
        Ok((field.clone().with_data_type(expanded.data_type().clone()).with_metadata(HashMap::new()), expanded))
    })
}

/// The numbers of a column that was made compact.
fn expand_numbers(field: &Field, column: &ArrayRef, was: &str) -> Result<ArrayRef> {
    if was == DataType::UInt32.to_string() {
        return Ok(cast(column, &DataType::UInt32)?);
    }
    // Older chunks have whole numbers as they were.
    let how = |key: &str, otherwise: i64| field.metadata().get(key).map_or(Ok(otherwise), |number| number.parse());
    let (base, step, scale) = (how(BASE, 0)?, how(STEP, 1)?, how(SCALE, 1)? as f64);
    let numbers = cast(column, &DataType::Int64)?;
    let numbers: Int64Array =
        numbers.as_primitive::<Int64Type>().unary(|steps| steps.wrapping_mul(step).wrapping_add(base));
    if was == DataType::Float64.to_string() {
        return Ok(Arc::new(numbers.unary::<_, Float64Type>(|number| number as f64 / scale)));
    }
    if was == TIME.to_string() {
        return Ok(Arc::new(numbers.reinterpret_cast::<TimestampMicrosecondType>()));
    }
    Ok(Arc::new(numbers))
}

fn change(
    batch: &RecordBatch,
    changed: impl Fn(&Field, &ArrayRef) -> Result<(Field, ArrayRef)>,
) -> Result<RecordBatch> {
    let columns = batch.schema_ref().fields().iter().zip(batch.columns());
    let changed = columns.map(|(field, column)| changed(field, column)).collect::<Result<Vec<_>>>()?;
    let (fields, columns): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

#[cfg(test)]
mod tests;
