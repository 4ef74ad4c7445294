//! How a chunk is written: one Arrow IPC stream (the format's specification at arrow.apache.org) with its
//! buffers compressed by LZ4, which decodes faster than a disk delivers.

use std::io::Cursor;

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use bytes::Bytes;

use super::compact::{compact, expand};

/// Encodes a batch as a chunk.
///
/// # Errors
/// When a column has a type that Arrow IPC does not know; the types of frames are known.
pub fn encode(batch: &RecordBatch) -> Result<Bytes> {
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let batch = compact(batch)?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?.into())
}

/// Decodes a chunk, all columns or those at some places of the schema; others are not decompressed.
///
/// # Errors
/// When the bytes are not a chunk or a place is outside of the schema.
pub(super) fn decode(bytes: &[u8], columns: Option<&[usize]>) -> Result<RecordBatch> {
    let reader = StreamReader::try_new(Cursor::new(bytes), columns.map(<[usize]>::to_vec))?;
    let batch = reader.into_iter().next().context("a chunk without a batch")??;
    expand(&batch)
}
