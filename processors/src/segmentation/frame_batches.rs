//! Reading a frame batch by batch, and its columns by name.

use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{ArrayRef, RecordBatch};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use projections::{FrameId, Frames};

/// Chunks that are read ahead while one is looked at.
const AHEAD: usize = 2;

/// The chunks of a frame that are still to be read.
pub(crate) struct Batches<'a> {
    chunks: BoxStream<'a, Result<RecordBatch>>,
    rows: u64,
}

/// Some columns of a frame, by their indices.
///
/// # Errors
/// When the frame does not exist or cannot be read.
pub(crate) async fn batches<'a>(frames: &'a Frames, frame: &'a FrameId, columns: &[usize]) -> Result<Batches<'a>> {
    let manifest = frames.manifest(frame).await?.with_context(|| format!("there is no frame {frame}"))?;
    let (columns, chunks): (Arc<[usize]>, _) = (columns.into(), manifest.chunk_rows.len() as u32);
    let read = move |index| {
        let columns = columns.clone();
        async move { frames.chunk(frame, index, Some(&columns)).await }
    };
    Ok(Batches { chunks: stream::iter(0..chunks).map(read).buffered(AHEAD).boxed(), rows: manifest.rows() })
}

impl Batches<'_> {
    /// The rows of the whole frame.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The next chunk, or none after the last.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        self.chunks.try_next().await
    }
}

/// A column of a batch by its name.
///
/// # Errors
/// When there is none.
pub(crate) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).with_context(|| format!("a frame without column {name}"))
}
