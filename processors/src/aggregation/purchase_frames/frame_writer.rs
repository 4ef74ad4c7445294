//! Stores batches as the chunks of a frame while further ones are still being made.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMicrosecondType};
use futures::{StreamExt, TryStreamExt, stream};
use projections::frames::{FrameId, Frames, Manifest, encode};
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::spawn_blocking;

use crate::csv::values::datetime::TIMESTAMP;

/// The size of a batch in memory, approximately; compressed it is about half a megabyte.
pub(crate) const BATCH_BYTES: usize = 2 << 20;

/// Where batches go.
pub(crate) type Sender = mpsc::Sender<RecordBatch>;

/// Chunks that are encoded and stored at the same time.
const AT_ONCE: usize = 2;

/// A short way from the thread that makes batches to the store, so that neither runs far ahead.
pub(crate) fn channel() -> (Sender, Receiver<RecordBatch>) {
    mpsc::channel(1)
}

/// Gives a batch away from a blocking thread.
///
/// # Errors
/// When nobody takes it any more, because storing failed or was given up.
pub(crate) fn send(batches: &Sender, batch: RecordBatch) -> Result<()> {
    batches.blocking_send(batch).map_err(|_| anyhow!("nobody takes the rows any more"))
}

/// Stores batches until there are no more. The frame is not published.
///
/// # Errors
/// When a chunk cannot be stored.
pub(crate) async fn store(frames: &Frames, frame: &FrameId, batches: Receiver<RecordBatch>) -> Result<Manifest> {
    let batches = stream::unfold(batches, async |mut batches| Some((batches.recv().await?, batches)));
    let chunks = batches.enumerate().map(|(index, batch)| store_chunk(frames, frame, index, batch));
    Ok(Manifest { chunk_rows: chunks.buffered(AT_ONCE).try_collect().await? })
}

async fn store_chunk(frames: &Frames, frame: &FrameId, index: usize, batch: RecordBatch) -> Result<u64> {
    let rows = batch.num_rows() as u64;
    let bytes = spawn_blocking(move || encode(&batch)).await??;
    frames.put_chunk(frame, u32::try_from(index)?, bytes).await?;
    Ok(rows)
}

/// Collects rows of some texts, some times and some whole numbers, and sends them as batches.
pub(crate) struct FrameWriter {
    schema: SchemaRef,
    texts: Vec<StringBuilder>,
    times: Vec<Int64Builder>,
    numbers: Vec<Int64Builder>,
    bytes: usize,
    batches: Sender,
    is_sent: bool,
}

impl FrameWriter {
    /// No rows yet; the columns have these names.
    pub(crate) fn new(texts: &[&str], times: &[&str], numbers: &[&str], batches: Sender) -> Self {
        let text = texts.iter().map(|name| Field::new(*name, DataType::Utf8, true));
        let time = times.iter().map(|name| Field::new(*name, TIMESTAMP, true));
        let number = numbers.iter().map(|name| Field::new(*name, DataType::Int64, true));
        Self {
            schema: Arc::new(Schema::new(text.chain(time).chain(number).collect::<Vec<_>>())),
            texts: texts.iter().map(|_| StringBuilder::new()).collect(),
            times: times.iter().map(|_| Int64Builder::new()).collect(),
            numbers: numbers.iter().map(|_| Int64Builder::new()).collect(),
            bytes: 0,
            batches,
            is_sent: false,
        }
    }

    /// Adds a row. It blocks while batches are made faster than stored.
    ///
    /// # Errors
    /// When the text is not UTF-8 or nobody takes the batches any more.
    pub(crate) fn add(&mut self, texts: &[&[u8]], times: &[Option<i64>], numbers: &[i64]) -> Result<()> {
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_value(std::str::from_utf8(text)?);
            self.bytes += text.len() + 4;
        }
        self.times.iter_mut().zip(times).for_each(|(builder, time)| builder.append_option(*time));
        self.numbers.iter_mut().zip(numbers).for_each(|(builder, number)| builder.append_value(*number));
        self.bytes += 8 * (times.len() + numbers.len());
        if self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let text = self.texts.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let time = self.times.iter_mut().map(|builder| {
            let times = builder.finish().reinterpret_cast::<TimestampMicrosecondType>();
            Arc::new(times) as ArrayRef
        });
        let number = self.numbers.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let columns = text.chain(time).chain(number).collect();
        (self.bytes, self.is_sent) = (0, true);
        send(&self.batches, RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    /// Sends the rest; at least one batch is sent in all.
    ///
    /// # Errors
    /// As in `add`.
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.bytes > 0 || !self.is_sent { self.flush() } else { Ok(()) }
    }
}
