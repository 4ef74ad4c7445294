//! How a chunk is written: one Arrow IPC stream (the format's specification at arrow.apache.org) with its
//! buffers compressed by LZ4, which decodes faster than a disk delivers.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use bytes::Bytes;

/// Encodes a batch as a chunk.
///
/// # Errors
/// When a column has a type that Arrow IPC does not know; the types of frames are known.
pub fn encode(batch: &RecordBatch) -> Result<Bytes> {
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options)?;
    writer.write(batch)?;
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

/// The batch with its texts written out. In a chunk a column of few different texts has each of them once.
///
/// # Errors
/// When a dictionary has values other than text.
pub fn plain(batch: &RecordBatch) -> Result<RecordBatch> {
    let is_coded = |column: &ArrayRef| matches!(column.data_type(), DataType::Dictionary(..));
    if !batch.columns().iter().any(is_coded) {
        return Ok(batch.clone());
    }
    let mut columns = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        columns.push(if is_coded(column) { cast(column, &DataType::Utf8)? } else { column.clone() });
    }
    let fields = batch.schema_ref().fields().iter().zip(&columns);
    let fields: Vec<Field> =
        fields.map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone())).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
