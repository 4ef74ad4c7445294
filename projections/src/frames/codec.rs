//! How a chunk is written: one Arrow IPC stream (the format's specification at arrow.apache.org) with its
//! buffers compressed by LZ4, which decodes faster than a disk delivers. Whole numbers and the codes of texts take as
//! few bytes as they need: less to compress, to write and to read.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{
    DataType, Field, Int8Type, Int16Type, Int32Type, Int64Type, Schema, UInt8Type, UInt16Type, UInt32Type,
};
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use bytes::Bytes;

/// Names the type that the numbers of a column had before they were made narrower.
const WAS: &str = "was";

/// Encodes a batch as a chunk.
///
/// # Errors
/// When a column has a type that Arrow IPC does not know; the types of frames are known.
pub fn encode(batch: &RecordBatch) -> Result<Bytes> {
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let batch = narrow(batch)?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?.into())
}

/// Decodes a chunk, all columns or those at some places of the schema; others are not decompressed.
///
/// # Errors
/// When the bytes are not a chunk or a place is outside of the schema.
pub fn decode(bytes: &[u8], columns: Option<&[usize]>) -> Result<RecordBatch> {
    let reader = StreamReader::try_new(Cursor::new(bytes), columns.map(<[usize]>::to_vec))?;
    let batch = reader.into_iter().next().context("a chunk without a batch")??;
    plain(&batch)
}

fn narrow(batch: &RecordBatch) -> Result<RecordBatch> {
    change(batch, |field, column| {
        let narrower = match column.data_type() {
            DataType::Int64 => narrow_numbers(column.as_primitive()),
            DataType::UInt32 => narrow_places(column.as_primitive()),
            DataType::Dictionary(codes, _) if **codes == DataType::Int32 => narrow_codes(column.as_dictionary())?,
            _ => column.clone(),
        };
        let field = field.clone().with_data_type(narrower.data_type().clone());
        let is_narrower = narrower.data_type() != column.data_type();
        let was = is_narrower.then(|| (WAS.to_owned(), column.data_type().to_string()));
        Ok((field.with_metadata(HashMap::from_iter(was)), narrower))
    })
}

/// The same numbers in the least type that holds them all.
fn narrow_numbers(column: &Int64Array) -> ArrayRef {
    let (least, greatest) = (min(column).unwrap_or(0), max(column).unwrap_or(0));
    let fits = |min: i64, max: i64| min <= least && greatest <= max;
    // What lies under a null may be cut off.
    if fits(i8::MIN.into(), i8::MAX.into()) {
        Arc::new(column.unary::<_, Int8Type>(|number| number as i8))
    } else if fits(i16::MIN.into(), i16::MAX.into()) {
        Arc::new(column.unary::<_, Int16Type>(|number| number as i16))
    } else if fits(i32::MIN.into(), i32::MAX.into()) {
        Arc::new(column.unary::<_, Int32Type>(|number| number as i32))
    } else {
        Arc::new(column.clone())
    }
}

fn narrow_places(column: &UInt32Array) -> ArrayRef {
    match max(column).unwrap_or(0) {
        0..=0xFF => Arc::new(column.unary::<_, UInt8Type>(|place| place as u8)),
        0x100..=0xFFFF => Arc::new(column.unary::<_, UInt16Type>(|place| place as u16)),
        _ => Arc::new(column.clone()),
    }
}

fn narrow_codes(column: &DictionaryArray<Int32Type>) -> Result<ArrayRef> {
    let (codes, texts) = (column.keys(), column.values().clone());
    Ok(match texts.len() {
        0..=0x80 => Arc::new(DictionaryArray::try_new(codes.unary::<_, Int8Type>(|code| code as i8), texts)?),
        0x81..=0x8000 => Arc::new(DictionaryArray::try_new(codes.unary::<_, Int16Type>(|code| code as i16), texts)?),
        _ => Arc::new(column.clone()),
    })
}

/// The batch as it was before it was encoded, its texts written out. In a chunk a column of few different texts has each
/// of them once.
///
/// # Errors
/// When a dictionary has values other than text.
pub fn plain(batch: &RecordBatch) -> Result<RecordBatch> {
    change(batch, |field, column| {
        let wide = match column.data_type() {
            DataType::Dictionary(..) => cast(column, &DataType::Utf8)?,
            // Frames have narrow numbers of their own, too.
            _ if field.metadata().contains_key(WAS) => widen(column),
            _ => column.clone(),
        };
        Ok((field.clone().with_data_type(wide.data_type().clone()).with_metadata(HashMap::new()), wide))
    })
}

/// The numbers of a column that was made narrower.
fn widen(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Int8 => Arc::new(column.as_primitive::<Int8Type>().unary::<_, Int64Type>(i64::from)),
        DataType::Int16 => Arc::new(column.as_primitive::<Int16Type>().unary::<_, Int64Type>(i64::from)),
        DataType::Int32 => Arc::new(column.as_primitive::<Int32Type>().unary::<_, Int64Type>(i64::from)),
        DataType::UInt8 => Arc::new(column.as_primitive::<UInt8Type>().unary::<_, UInt32Type>(u32::from)),
        DataType::UInt16 => Arc::new(column.as_primitive::<UInt16Type>().unary::<_, UInt32Type>(u32::from)),
        _ => column.clone(),
    }
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
mod tests {
    use arrow::array::Int32Array;

    use super::*;

    #[test]
    fn what_is_decoded_is_what_was_encoded() {
        for greatest in [0, 1 << 7, 1 << 8, 1 << 15, 1 << 16, 1 << 31, i64::MAX] {
            let place = u32::try_from(greatest).unwrap_or(u32::MAX);
            let columns: [(&str, ArrayRef); 3] = [
                ("numbers", Arc::new(Int64Array::from(vec![Some(-greatest), None, Some(greatest)]))),
                ("places", Arc::new(UInt32Array::from(vec![Some(place), None, Some(1)]))),
                ("segments", Arc::new(Int32Array::from(vec![Some(1), None, Some(2)]))),
            ];
            let columns = columns.map(|(name, column)| (name, column, true));
            let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
            assert_eq!(decode(&encode(&batch).unwrap(), None).unwrap(), batch, "{greatest}");
        }
    }

    #[test]
    fn coded_texts_come_out_written_out() {
        for different in [1, 128, 129, 40_000] {
            let texts: Vec<String> = (0..different).map(|text| text.to_string()).collect();
            let coded: DictionaryArray<Int32Type> = texts.iter().map(String::as_str).collect();
            let batch = RecordBatch::try_from_iter([("a", Arc::new(coded) as ArrayRef)]).unwrap();
            let decoded = decode(&encode(&batch).unwrap(), None).unwrap();
            let found: Vec<_> = decoded.column(0).as_string::<i32>().iter().flatten().collect();
            assert_eq!(found, texts);
        }
    }

    #[test]
    fn small_numbers_take_little_room() {
        let size = |step: i64| {
            let numbers =
                Int64Array::from_iter_values((0..10_000).map(|row: i64| ((row * 2_654_435_761) >> 16) % 97 * step));
            encode(&RecordBatch::try_from_iter([("a", Arc::new(numbers) as ArrayRef)]).unwrap()).unwrap().len()
        };
        assert!(size(1) < size(1 << 40) / 2, "{} and {}", size(1), size(1 << 40));
    }
}
