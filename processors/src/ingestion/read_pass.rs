//! One attempt to read a file. A thread cuts it into blocks, several parse, count, compress and add them up; a short
//! channel between them keeps memory the same for a file of any size. The results are put together in the order of the
//! file, and sums are the same in any order, so nothing depends on how many threads there were.

use std::num::NonZero;
use std::sync::{Arc, mpsc};

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use bytes::Bytes as Chunk;
use domain::DatasetId;
use domain::dataset::Roles;
use futures::{StreamExt, stream};
use projections::frames::{FrameId, Frames, Manifest, encode};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;

use crate::aggregation::role_resolution::Meaning;
use crate::aggregation::shopper_totals::Shoppers;
use crate::csv::bytes::content::Bytes;
use crate::csv::bytes::source::{self, Source};
use crate::csv::columns::plan::ColumnPlan;
use crate::csv::columns::statistics::Statistics;
use crate::csv::dialect::block_splitter::{BLOCK_BYTES, Block, Cutter};
use crate::csv::dialect::sniff::{Known, Layout, sniff};
use crate::csv::error::IngestError;
use crate::csv::read::block_merger::{Settled, Total};
use crate::csv::read::block_reader::{Parsed, Reader};
use crate::csv::read::duplicate_rows::Repeats;
use crate::csv::read::guess::guess;
use crate::ingestion::accumulator_pool::Sums;

/// What is known of a file before it is read.
pub struct Attempt {
    /// How it is written, as far as that was said or found out.
    pub known: Known,
    /// How its columns are read, when the first rows misled.
    pub plan: Option<Vec<ColumnPlan>>,
    /// What a person said about the columns of an earlier file.
    pub remembered: Roles,
}

/// What an attempt has found. Its chunks are stored and not published.
pub struct Found {
    /// How the file is written.
    pub layout: Layout,
    /// What all rows together tell.
    pub total: Total,
    /// How the columns are to be read.
    pub settled: Settled,
    /// Whether they were read like that.
    pub is_settled: bool,
    /// What the columns mean.
    pub meaning: Meaning,
    /// Which rows come again.
    pub repeats: Repeats,
    /// The rows added up by shopper, where that is possible.
    pub shoppers: Option<Shoppers>,
    /// The chunks of the rows.
    pub rows: Manifest,
    /// The chunks of the rejected lines.
    pub rejects: Manifest,
}

impl Attempt {
    /// Reads the file, which is given twice: to look at its beginning, and to read all of it.
    ///
    /// # Errors
    /// When the file cannot be used, or a frame cannot be stored.
    pub async fn run(
        &self,
        frames: &Frames,
        dataset: DatasetId,
        beginning: impl FnOnce() -> Result<Bytes>,
        all: impl FnOnce() -> Result<Bytes>,
    ) -> Result<Found, IngestError> {
        let (known, reader) = (self.known.clone(), beginning()?);
        let (layout, sample) = blocking(move || sniff(reader, &known)).await?;
        let guessed = || guess(&layout, &sample, &self.remembered, &self.known.choice);
        let plan = self.plan.clone().unwrap_or_else(guessed);
        let meaning = Meaning::of(&plan, &self.remembered);
        let (to_blocks, blocks) = channel(1);
        let (to_used, used) = mpsc::channel();
        let work = Work {
            reader: Reader::new(layout.clone(), plan.clone()),
            sums: Sums::new(meaning.shoppers()),
            used: to_used,
        };
        let (reader, cut_by) = (all()?, layout.clone());
        let cutting = blocking(move || cut(reader, &cut_by, &to_blocks, used));
        let (cut, read) = tokio::join!(cutting, read(frames, dataset, work, blocks));
        // When cutting fails, reading ends early because of it: the cause comes first.
        let ((), Read { total, sums, rows, rejects }) = (cut?, read?);
        let (repeats, shoppers) = blocking(move || Ok(sums.finish()?)).await?;
        let settled = total.settle(&plan, &self.known.choice);
        let is_settled = plan.iter().zip(&settled.plan).all(|(planned, found)| planned.reading == found.reading);
        Ok(Found { layout, total, settled, is_settled, meaning, repeats, shoppers, rows, rejects })
    }
}

fn cut(
    reader: Bytes,
    layout: &Layout,
    blocks: &Sender<Block>,
    used: mpsc::Receiver<Vec<u8>>,
) -> Result<(), IngestError> {
    let source = Source::new(reader, layout.encoding, source::BLOCK_BYTES).reusing(used);
    let mut cutter = Cutter::new(source, &layout.format, layout.skipped_bytes, BLOCK_BYTES)?;
    while let Some(block) = cutter.next()? {
        if blocks.blocking_send(block).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// What the threads that read blocks share.
struct Work {
    reader: Reader,
    sums: Sums,
    /// Takes the texts of blocks back to where they are cut.
    used: mpsc::Sender<Vec<u8>>,
}

impl Work {
    /// Parses a block; adds it up and compresses it, unless the attempt has to be repeated anyway.
    fn read(&self, block: Block) -> Result<(Parsed, Statistics, Option<Chunk>), IngestError> {
        let parsed = self.reader.read(&block)?;
        // After the last block nobody takes them.
        let _ = self.used.send(block.text);
        let mut statistics = Statistics::new(self.reader.columns());
        if self.reader.is_doomed() {
            return Ok((parsed, statistics, None));
        }
        statistics.add(&parsed.rows);
        self.sums.add(&parsed.rows)?;
        let chunk = encode(&parsed.rows)?;
        Ok((parsed, statistics, Some(chunk)))
    }
}

/// What the blocks told.
struct Read {
    total: Total,
    sums: Sums,
    rows: Manifest,
    rejects: Manifest,
}

/// Reads the blocks, several at once, and stores their chunks.
async fn read(frames: &Frames, dataset: DatasetId, work: Work, blocks: Receiver<Block>) -> Result<Read, IngestError> {
    let mut total = Total::new(work.reader.columns(), work.reader.first_line());
    let (mut rows, mut rejects) = (Manifest::default(), Manifest::default());
    let (work, rejects_id) = (Arc::new(work), FrameId::rejects(dataset));
    let blocks = stream::unfold(blocks, async |mut blocks| Some((blocks.recv().await?, blocks)));
    let reading = blocks.enumerate().map(|(index, block)| read_block(frames, dataset, work.clone(), index, block));
    let mut done = Box::pin(reading.buffered(threads() + 2));
    while let Some(block) = done.next().await {
        let (parsed, statistics) = block?;
        rows.chunk_rows.push(parsed.rows.num_rows() as u64);
        if let Some(batch) = total.add(parsed, statistics)? {
            store_rejects(frames, &rejects_id, &mut rejects, batch).await?;
        }
    }
    if rejects.chunk_rows.is_empty() {
        store_rejects(frames, &rejects_id, &mut rejects, crate::csv::read::rejects::Rejects::default().batch(0)?)
            .await?;
    }
    drop(done);
    let Work { sums, .. } = Arc::into_inner(work).context("a block is still being read")?;
    Ok(Read { total, sums, rows, rejects })
}

/// Blocks that are read at the same time: one for each core.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 16)
}

async fn read_block(
    frames: &Frames,
    dataset: DatasetId,
    work: Arc<Work>,
    index: usize,
    block: Block,
) -> Result<(Parsed, Statistics), IngestError> {
    let (parsed, statistics, chunk) = blocking(move || work.read(block)).await?;
    if let Some(chunk) = chunk {
        let index = u32::try_from(index).map_err(anyhow::Error::from)?;
        frames.put_chunk(&FrameId::rows(dataset), index, chunk).await?;
    }
    Ok((parsed, statistics))
}

async fn store_rejects(frames: &Frames, id: &FrameId, manifest: &mut Manifest, batch: RecordBatch) -> Result<()> {
    let index = u32::try_from(manifest.chunk_rows.len())?;
    manifest.chunk_rows.push(batch.num_rows() as u64);
    let chunk = spawn_blocking(move || encode(&batch)).await??;
    frames.put_chunk(id, index, chunk).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IngestError> + Send + 'static,
) -> Result<T, IngestError> {
    spawn_blocking(work).await.map_err(anyhow::Error::from)?
}
