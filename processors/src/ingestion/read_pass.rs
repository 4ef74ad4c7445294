//! One pass over a file. A thread splits it into blocks, several parse, count, compress and add them up; a short
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

use crate::aggregation::role_resolution::RoleResolution;
use crate::aggregation::shopper_totals::ShopperTotals;
use crate::csv::bytes::content::Bytes;
use crate::csv::bytes::source::{self, TextSource};
use crate::csv::columns::plan::ColumnPlan;
use crate::csv::columns::statistics::Statistics;
use crate::csv::dialect::block_splitter::{BLOCK_BYTES, Block, BlockSplitter};
use crate::csv::dialect::sniff::{FileHints, Layout, sniff};
use crate::csv::error::IngestError;
use crate::csv::read::block_merger::{BlockMerger, Settled};
use crate::csv::read::block_reader::{BlockReader, ParsedBlock};
use crate::csv::read::duplicate_rows::DuplicateRows;
use crate::csv::read::guess::guess;
use crate::csv::read::rejects::Rejects;
use crate::ingestion::accumulator_pool::AccumulatorPool;

/// What is known of a file before it is read.
pub(crate) struct ReadPass {
    /// How it is written, as far as that was said or found out.
    pub(crate) hints: FileHints,
    /// How its columns are read, when the first rows misled.
    pub(crate) plan: Option<Vec<ColumnPlan>>,
    /// What a person said about the columns of an earlier file.
    pub(crate) remembered: Roles,
}

/// What a pass has found. Its chunks are stored and not published.
pub(crate) struct PassResult {
    /// How the file is written.
    pub(crate) layout: Layout,
    /// What all rows together tell.
    pub(crate) merged: BlockMerger,
    /// How the columns are to be read.
    pub(crate) settled: Settled,
    /// Whether they were read like that.
    pub(crate) is_settled: bool,
    /// What the columns mean.
    pub(crate) roles: RoleResolution,
    /// Which rows come again.
    pub(crate) duplicates: DuplicateRows,
    /// The rows added up by shopper, where that is possible.
    pub(crate) shoppers: Option<ShopperTotals>,
    /// The chunks of the rows.
    pub(crate) rows: Manifest,
    /// The chunks of the rejected lines.
    pub(crate) rejects: Manifest,
}

impl ReadPass {
    /// Reads the file, which is given twice: to look at its beginning, and to read all of it.
    ///
    /// # Errors
    /// When the file cannot be used, or a frame cannot be stored.
    pub(crate) async fn run(
        &self,
        frames: &Frames,
        dataset: DatasetId,
        beginning: impl FnOnce() -> Result<Bytes>,
        all: impl FnOnce() -> Result<Bytes>,
    ) -> Result<PassResult, IngestError> {
        let (hints, reader) = (self.hints.clone(), beginning()?);
        let (layout, sample) = blocking(move || sniff(reader, &hints)).await?;
        let guessed = || guess(&layout, &sample, &self.remembered, &self.hints.choice);
        let plan = self.plan.clone().unwrap_or_else(guessed);
        let roles = RoleResolution::of(&plan, &self.remembered);
        let (to_blocks, blocks) = channel(1);
        let (to_used, used) = mpsc::channel();
        let work = BlockWork {
            reader: BlockReader::new(layout.clone(), plan.clone()),
            accumulators: AccumulatorPool::new(roles.shoppers()),
            used: to_used,
        };
        let (reader, split_by) = (all()?, layout.clone());
        let splitting = blocking(move || split(reader, &split_by, &to_blocks, used));
        let (split, read) = tokio::join!(splitting, read(frames, dataset, work, blocks));
        // When splitting fails, reading ends early because of it: the cause comes first.
        let ((), ReadBlocks { merged, accumulators, rows, rejects }) = (split?, read?);
        let (duplicates, shoppers) = blocking(move || Ok(accumulators.finish()?)).await?;
        let settled = merged.settle(&plan, &self.hints.choice);
        let is_settled =
            plan.iter().zip(&settled.plan).all(|(planned, found)| planned.cell_format == found.cell_format);
        Ok(PassResult { layout, merged, settled, is_settled, roles, duplicates, shoppers, rows, rejects })
    }
}

fn split(
    reader: Bytes,
    layout: &Layout,
    blocks: &Sender<Block>,
    used: mpsc::Receiver<Vec<u8>>,
) -> Result<(), IngestError> {
    let source = TextSource::new(reader, layout.encoding, source::BLOCK_BYTES).reusing(used);
    let mut splitter = BlockSplitter::new(source, &layout.format, layout.skipped_bytes, BLOCK_BYTES)?;
    while let Some(block) = splitter.next()? {
        if blocks.blocking_send(block).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// What the threads that read blocks share.
struct BlockWork {
    reader: BlockReader,
    accumulators: AccumulatorPool,
    /// Takes the texts of blocks back to where they are split.
    used: mpsc::Sender<Vec<u8>>,
}

impl BlockWork {
    /// Parses a block; adds it up and compresses it, unless the pass has to be repeated anyway.
    fn read(&self, block: Block) -> Result<(ParsedBlock, Statistics, Option<Chunk>), IngestError> {
        let parsed = self.reader.read(&block)?;
        // After the last block nobody takes them.
        let _ = self.used.send(block.text);
        let mut statistics = Statistics::new(self.reader.columns());
        if self.reader.is_doomed() {
            return Ok((parsed, statistics, None));
        }
        statistics.add(&parsed.rows);
        self.accumulators.add(&parsed.rows)?;
        let chunk = encode(&parsed.rows)?;
        Ok((parsed, statistics, Some(chunk)))
    }
}

/// What the blocks told.
struct ReadBlocks {
    merged: BlockMerger,
    accumulators: AccumulatorPool,
    rows: Manifest,
    rejects: Manifest,
}

/// Reads the blocks, several at once, and stores their chunks.
async fn read(
    frames: &Frames,
    dataset: DatasetId,
    work: BlockWork,
    blocks: Receiver<Block>,
) -> Result<ReadBlocks, IngestError> {
    let mut merged = BlockMerger::new(work.reader.columns(), work.reader.first_line());
    let (mut rows, mut rejects) = (Manifest::default(), Manifest::default());
    let (work, rejects_id) = (Arc::new(work), FrameId::rejects(dataset));
    let blocks = stream::unfold(blocks, async |mut blocks| Some((blocks.recv().await?, blocks)));
    let reading = blocks.enumerate().map(|(index, block)| read_block(frames, dataset, work.clone(), index, block));
    let mut done = Box::pin(reading.buffered(threads() + 2));
    while let Some(block) = done.next().await {
        let (parsed, statistics) = block?;
        rows.chunk_rows.push(parsed.rows.num_rows() as u64);
        if let Some(batch) = merged.add(parsed, statistics)? {
            store_rejects(frames, &rejects_id, &mut rejects, batch).await?;
        }
    }
    if rejects.chunk_rows.is_empty() {
        store_rejects(frames, &rejects_id, &mut rejects, Rejects::default().batch(0)?).await?;
    }
    drop(done);
    let BlockWork { accumulators, .. } = Arc::into_inner(work).context("a block is still being read")?;
    Ok(ReadBlocks { merged, accumulators, rows, rejects })
}

/// Blocks that are read at the same time: one for each core.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 16)
}

async fn read_block(
    frames: &Frames,
    dataset: DatasetId,
    work: Arc<BlockWork>,
    index: usize,
    block: Block,
) -> Result<(ParsedBlock, Statistics), IngestError> {
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
