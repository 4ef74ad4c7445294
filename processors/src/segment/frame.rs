//! Reading a frame batch by batch, and its columns by name.

use anyhow::{Context, Result};
use arrow::array::{ArrayRef, RecordBatch};
use projections::{FrameId, Frames};

/// The chunks of a frame that are still to be read.
pub struct Batches<'a> {
    frames: &'a Frames,
    frame: &'a FrameId,
    columns: Vec<usize>,
    next: u32,
    chunks: u32,
}

/// Some columns of a frame, by their places.
///
/// # Errors
/// When the frame does not exist or cannot be read.
pub async fn batches<'a>(frames: &'a Frames, frame: &'a FrameId, columns: &[usize]) -> Result<Batches<'a>> {
    let manifest = frames.manifest(frame).await?.with_context(|| format!("there is no frame {frame}"))?;
    Ok(Batches { frames, frame, columns: columns.to_vec(), next: 0, chunks: manifest.chunk_rows.len() as u32 })
}

impl Batches<'_> {
    /// The next chunk, or none after the last.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        if self.next == self.chunks {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(self.frames.chunk(self.frame, self.next - 1, Some(&self.columns)).await?))
    }
}

/// A column of a batch by its name.
///
/// # Errors
/// When there is none.
pub fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).with_context(|| format!("a frame without column {name}"))
}
