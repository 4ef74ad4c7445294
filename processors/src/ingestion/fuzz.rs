//! Any bytes at all are read or refused: without a panic, without an end that never comes, and the same however they
//! are cut. The tests here try a few thousand; `deploy/fuzz.sh` looks longer, guided by what reaches new code.
#![allow(clippy::unwrap_used, reason = "whatever fails here is found")]

use std::io::{Cursor, Read};
use std::sync::Arc;

use domain::DatasetId;
use domain::csv_dialect::{Basis, DialectChoice};
use domain::dataset::Roles;
use projections::frames::{FrameId, Frames};
use uuid::Uuid;

use crate::csv::bytes::content::{Bytes, Content};
use crate::csv::bytes::encoding;
use crate::csv::bytes::source::TextSource;
use crate::csv::columns::statistics::Statistics;
use crate::csv::dialect::block_splitter::BlockSplitter;
use crate::csv::dialect::sniff::{FileHints, Layout, Sample, sniff};
use crate::csv::error::IngestError;
use crate::csv::read::block_merger::BlockMerger;
use crate::csv::read::block_reader::BlockReader;
use crate::csv::read::guess::guess;
use crate::csv::values::kinds::CellFormat;
use crate::ingestion::read_dataset::{UserHints, read_dataset};

const BLOCK_BYTES: usize = 1 << 20;
/// What is packed may unpack to so much. Bombs have a test of their own, and only take time here.
const UNPACKED_MAX_BYTES: u64 = 1 << 16;

/// Detects and reads a file, whole and in tiny blocks. It may begin with a line of JSON: what a person chose.
pub fn table(bytes: &[u8]) {
    let (choice, open) = given(bytes);
    let Some(content) = readable(Content::new(open, Arc::new(|_| ()))) else { return };
    if is_large(&content) {
        return;
    }
    let chosen = choice.encoding.as_deref().and_then(encoding::named).map(|encoding| (encoding, Basis::Chosen));
    let hints = FileHints { compression: content.compression(), encoding: chosen, choice };
    let Some((layout, sample)) = readable(sniff(content.reader().unwrap(), &hints)) else { return };
    let whole = readable(read(content.reader().unwrap(), &hints.choice, &layout, &sample, BLOCK_BYTES));
    // Where delimiters can overlap, a quote may stand at the beginning of a field in one way and not in the other.
    if layout.format.delimiter.bytes() == 1 {
        assert_eq!(readable(read(content.reader().unwrap(), &hints.choice, &layout, &sample, 7)), whole);
    }
}

/// Makes a dataset of a file, as of an upload, and forgets it again.
pub async fn upload(frames: &Frames, bytes: &[u8]) {
    let (dialect, open) = given(bytes);
    if Content::new(open.clone(), Arc::new(|_| ())).is_ok_and(|content| is_large(&content)) {
        return;
    }
    let id = DatasetId(Uuid::from_u128(1));
    let read = read_dataset(frames, id, open, UserHints { roles: Roles::new(), dialect }, |_| ()).await;
    if let Some(read) = readable(read) {
        assert!(read.row_count > 0 && read.repeated_row_count < read.row_count);
        for (frame, rows) in [(FrameId::rows(id), read.row_count), (FrameId::rejects(id), read.rejected_row_count)] {
            assert_eq!(frames.manifest(&frame).await.unwrap().unwrap().rows(), rows, "{frame}");
        }
    }
    frames.delete_dataset(id).await.unwrap();
}

/// What a person chose, and the file.
fn given(bytes: &[u8]) -> (DialectChoice, impl Fn() -> anyhow::Result<Bytes> + Clone + Send + 'static) {
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let choice = serde_json::from_slice::<DialectChoice>(&bytes[..line]).ok().and_then(|choice| choice.checked().ok());
    let file = if choice.is_some() { &bytes[line + 1..] } else { bytes };
    let file: Arc<[u8]> = file.into();
    (choice.unwrap_or_default(), move || Ok(Box::new(Cursor::new(file.clone())) as Bytes))
}

fn is_large<O: Fn() -> anyhow::Result<Bytes>>(content: &Content<O>) -> bool {
    let mut unpacked = content.reader().unwrap().take(UNPACKED_MAX_BYTES);
    std::io::copy(&mut unpacked, &mut std::io::sink()).is_ok_and(|bytes| bytes == UNPACKED_MAX_BYTES)
}

/// What came out of one reading, or nothing of a file that cannot be used. Anything else that fails is a bug.
fn readable<T>(result: Result<T, IngestError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(IngestError::Unreadable(sentence)) => {
            assert!(sentence.ends_with('.') && sentence.len() < 2_000, "{sentence}");
            None
        }
        Err(IngestError::Failed(error)) => panic!("{error:#}"),
    }
}

/// What one pass tells: the formats of the columns, how many rows and rejected lines there are, and the first of these.
fn read(
    reader: Bytes,
    choice: &DialectChoice,
    layout: &Layout,
    sample: &Sample,
    block_bytes: usize,
) -> Result<(Vec<CellFormat>, u64, u64, Option<String>), IngestError> {
    let plan = guess(layout, sample, &Roles::new(), choice);
    let rows = BlockReader::new(layout.clone(), plan.clone());
    let source = TextSource::new(reader, layout.encoding, block_bytes);
    let mut splitter = BlockSplitter::new(source, &layout.format, layout.skipped_bytes, block_bytes)?;
    let mut merger = BlockMerger::new(rows.columns(), rows.first_line());
    while let Some(block) = splitter.next()? {
        let parsed = rows.read(&block)?;
        let mut statistics = Statistics::new(rows.columns());
        statistics.add(&parsed.rows);
        merger.add(parsed, statistics)?;
    }
    assert_eq!(merger.statistics.columns(&plan).len(), layout.names.len());
    let cell_formats = merger.settle(&plan, choice).plan.iter().map(|plan| plan.cell_format).collect();
    Ok((cell_formats, merger.row_count, merger.rejected_row_count, merger.first_reject))
}

#[cfg(test)]
mod tests;
