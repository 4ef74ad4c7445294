//! Pages of a report's shoppers, optionally only one group of the RFM grid.

use std::ops::Range;

use anyhow::Context;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use projections::{FrameId, Frames};

use crate::problem::Problem;
use crate::table::{Objects, objects};

/// Rows that are looked through at once for a group.
const SCAN_ROWS: usize = 8_192;

/// At most `limit` shoppers from a range of rows, as objects. The cursor is the row to go on from.
///
/// # Errors
/// 500 when the frame cannot be read.
pub async fn page(
    frames: &Frames,
    frame: &FrameId,
    rows: Range<u64>,
    rfm: Option<&str>,
    limit: usize,
) -> Result<Objects, Problem> {
    let Some(group) = rfm else {
        let end = rows.end.min(rows.start + limit as u64);
        let batches = frames.page(frame, rows.start, usize::try_from(end - rows.start).unwrap_or(limit), None).await?;
        return Ok(objects(&batches, (end < rows.end).then_some(end))?);
    };
    let (mut found, mut wanted, mut at) = (Vec::new(), limit, rows.start);
    while at < rows.end && wanted > 0 {
        let scan = SCAN_ROWS.min(usize::try_from(rows.end - at).unwrap_or(SCAN_ROWS));
        for batch in frames.page(frame, at, scan, None).await? {
            let (taken, seen) = of_group(&batch, group, wanted)?;
            wanted -= taken.num_rows();
            at += seen as u64;
            found.push(taken);
            if wanted == 0 {
                break;
            }
        }
    }
    Ok(objects(&found, (at < rows.end).then_some(at))?)
}

/// The first `wanted` rows of a group, and how many rows were looked at for them.
fn of_group(batch: &RecordBatch, group: &str, wanted: usize) -> anyhow::Result<(RecordBatch, usize)> {
    let groups = batch.column_by_name("rfm").context("assignments have a column rfm")?.as_string::<i32>();
    let places: Vec<usize> = groups
        .iter()
        .enumerate()
        .filter(|(_, name)| *name == Some(group))
        .map(|(place, _)| place)
        .take(wanted)
        .collect();
    let seen = if places.len() == wanted { places.last().map_or(0, |place| place + 1) } else { batch.num_rows() };
    let mut mask = vec![false; batch.num_rows()];
    places.iter().for_each(|place| mask[*place] = true);
    Ok((filter_record_batch(batch, &BooleanArray::from(mask))?, seen))
}
