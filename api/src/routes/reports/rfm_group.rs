//! Pages of those shoppers of a report that are in one group of the RFM grid.

use std::ops::Range;

use anyhow::Context;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use projections::{FrameId, Frames};

use crate::http::frame_json::{FrameJson, objects};
use crate::http::problem::Problem;
use crate::http::response::{Paging, cursor, limit};

/// Rows that are looked through at once for a group.
const SCAN_ROWS: usize = 8_192;

/// One page of the shoppers of a group among a range of rows, as objects. The cursor is the row to go on from.
///
/// # Errors
/// 422 for a wrong cursor or limit, 500 when the frame cannot be read.
pub(crate) async fn page(
    frames: &Frames,
    frame: &FrameId,
    rows: Range<u64>,
    group: &str,
    paging: &Paging,
) -> Result<FrameJson, Problem> {
    let mut at = cursor(paging.cursor.as_deref())?.unwrap_or(0).max(rows.start);
    let (mut found, mut wanted) = (Vec::new(), limit(paging.limit)? as usize);
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
    let indices: Vec<usize> = groups
        .iter()
        .enumerate()
        .filter(|(_, name)| *name == Some(group))
        .map(|(index, _)| index)
        .take(wanted)
        .collect();
    let seen = if indices.len() == wanted { indices.last().map_or(0, |index| index + 1) } else { batch.num_rows() };
    let mut mask = vec![false; batch.num_rows()];
    indices.iter().for_each(|index| mask[*index] = true);
    Ok((filter_record_batch(batch, &BooleanArray::from(mask))?, seen))
}
