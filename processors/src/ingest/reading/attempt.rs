//! One attempt to read a file: three threads, of which one parses, one adds up and one compresses, with short
//! channels between them, so that memory stays the same for a file of any size.

use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Result, anyhow};
use arrow::array::RecordBatch;
use domain::DatasetId;
use domain::dataset::Roles;
use projections::frames::{FrameId, Frames, Manifest};
use tokio::task::spawn_blocking;

use super::repeats::Repeats;
use super::rows::{BATCH_BYTES, Outcome, Pass, Piece};
use super::store::{self, Sender};
use crate::ingest::columns::plan::{self, ColumnPlan};
use crate::ingest::columns::statistics::Statistics;
use crate::ingest::dialect::sniff::{Layout, sniff};
use crate::ingest::shoppers::Shoppers;
use crate::ingest::shoppers::meaning::Meaning;
use crate::ingest::text::source::{BLOCK_BYTES, Stop};

/// What is known of a file from attempts before.
pub struct Attempt {
    /// Its encoding, when it is not the one that it seemed to have.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// How its columns are read, when the first rows misled.
    pub plan: Option<Vec<ColumnPlan>>,
    /// What a person said about the columns of an earlier file.
    pub remembered: Roles,
    /// Told how many bytes were read.
    pub progress: Arc<dyn Fn(u64) + Send + Sync>,
}

/// What an attempt has found. Its chunks are stored and not published.
pub struct Found {
    /// How the file is written.
    pub layout: Layout,
    /// The rows by number, and how the columns are to be read.
    pub outcome: Outcome,
    /// Whether the columns were read like that.
    pub is_settled: bool,
    /// What the columns mean.
    pub meaning: Meaning,
    /// What the columns hold.
    pub statistics: Statistics,
    /// Which rows come again.
    pub repeats: Repeats,
    /// The rows added up by shopper, where that is possible.
    pub shoppers: Option<Shoppers>,
    /// The chunks of the rows.
    pub rows: Manifest,
    /// The chunks of the rejected lines.
    pub rejects: Manifest,
}

type Reader = Box<dyn Read + Send>;

impl Attempt {
    /// Reads the file, which is given twice: to look at its beginning, and to read all of it.
    ///
    /// # Errors
    /// When the file cannot be used or is in another encoding, or a frame cannot be stored.
    pub async fn run(
        &self,
        frames: &Frames,
        dataset: DatasetId,
        beginning: Reader,
        all: Reader,
    ) -> Result<Found, Stop> {
        let forced = self.encoding;
        let (layout, sample) = blocking(move || sniff(beginning, forced)).await?;
        let plan = self.plan.clone().unwrap_or_else(|| plan::guess(&layout, &sample, &self.remembered));
        let meaning = Meaning::of(&plan, &self.remembered);
        let (to_rows, from_rows) = store::channel();
        let (to_rejects, from_rejects) = store::channel();
        let (to_sums, from_sums) = sync_channel(1);
        let outlets = Outlets { rows: to_rows, rejects: to_rejects, sums: to_sums };
        let parsing = {
            let (layout, plan, progress) = (layout.clone(), plan.clone(), self.progress.clone());
            blocking(move || parse(all, &layout, &plan, &*progress, &outlets))
        };
        let adding = {
            let (columns, shoppers) = (plan.len(), meaning.shoppers());
            blocking(move || add_up(&from_sums, columns, shoppers))
        };
        let (rows, rejects) = (FrameId::rows(dataset), FrameId::rejects(dataset));
        let (sums, rows, rejects, outcome) = tokio::join!(
            adding,
            store::store(frames, &rows, from_rows),
            store::store(frames, &rejects, from_rejects),
            parsing
        );
        // When adding or storing fails, parsing fails because of it: the cause comes first.
        let ((statistics, repeats, shoppers), rows, rejects, outcome) = (sums?, rows?, rejects?, outcome?);
        let is_settled = plan.iter().zip(&outcome.plan).all(|(planned, found)| planned.reading == found.reading);
        Ok(Found { layout, outcome, is_settled, meaning, statistics, repeats, shoppers, rows, rejects })
    }
}

/// Where the pieces of a file go.
struct Outlets {
    rows: Sender,
    rejects: Sender,
    sums: SyncSender<RecordBatch>,
}

fn parse(
    reader: Reader,
    layout: &Layout,
    plan: &[ColumnPlan],
    progress: &(dyn Fn(u64) + Send + Sync),
    outlets: &Outlets,
) -> Result<Outcome, Stop> {
    Pass { layout, plan, progress, block_bytes: BLOCK_BYTES, batch_bytes: BATCH_BYTES }.run(reader, |piece| match piece
    {
        Piece::Rejects(batch) => store::send(&outlets.rejects, batch),
        Piece::Rows(batch) => {
            outlets.sums.send(batch.clone()).map_err(|_| anyhow!("nobody adds the rows up any more"))?;
            store::send(&outlets.rows, batch)
        }
    })
}

fn add_up(
    batches: &Receiver<RecordBatch>,
    columns: usize,
    mut shoppers: Option<Shoppers>,
) -> Result<(Statistics, Repeats, Option<Shoppers>), Stop> {
    let (mut statistics, mut repeats) = (Statistics::new(columns), Repeats::default());
    for batch in batches {
        statistics.add(&batch);
        repeats.add(&batch)?;
        if let Some(shoppers) = &mut shoppers {
            shoppers.add(&batch)?;
        }
    }
    Ok((statistics, repeats, shoppers))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Stop> + Send + 'static) -> Result<T, Stop> {
    spawn_blocking(work).await.map_err(anyhow::Error::from)?
}
