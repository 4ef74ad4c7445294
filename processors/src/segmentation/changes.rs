//! What changed from one report to a later one: who stayed, moved, entered and left. The list is made once and kept as a
//! frame, so that pages and files of it are cheap.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use domain::ReportId;
use projections::{FrameId, Frames, Manifest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::frame_batches::{batches, column};

const CHUNK_ROWS: usize = 65_536;

/// What became of a shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// In another segment than before.
    Moved,
    /// Only in the later report.
    Entered,
    /// Only in the earlier report.
    Left,
    /// In the segment that continues the one before.
    Stayed,
}

impl Change {
    fn name(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Stayed => "stayed",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Moved, Self::Entered, Self::Left, Self::Stayed].into_iter().find(|change| change.name() == name)
    }
}

/// Shoppers with the same change between the same segments, who stand together in the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeGroup {
    /// What became of them.
    pub change: Change,
    /// Their segment in the earlier report.
    pub from: Option<u32>,
    /// Their segment in the later report.
    pub to: Option<u32>,
    /// Their rows.
    pub rows: Range<u64>,
}

/// A shopper's change.
type ShopperChange = (Change, Option<u32>, Option<u32>, String);

/// Compares two reports. `continues` says for each segment of the later one which earlier one it continues. Shoppers in no
/// segment (DBSCAN) are a group of their own.
///
/// # Errors
/// When a frame cannot be read or written.
pub async fn changes(
    frames: &Frames,
    earlier: ReportId,
    later: ReportId,
    continues: &[Option<u32>],
) -> Result<(FrameId, Vec<ChangeGroup>)> {
    let frame = FrameId::changes(later, earlier);
    if frames.manifest(&frame).await?.is_none() {
        let rows = rows(frames, earlier, later, continues).await?;
        store(frames, &frame, &rows).await?;
    }
    let groups = groups(frames, &frame).await?;
    Ok((frame, groups))
}

async fn rows(
    frames: &Frames,
    earlier: ReportId,
    later: ReportId,
    continues: &[Option<u32>],
) -> Result<Vec<ShopperChange>> {
    let mut before = HashMap::new();
    each(frames, earlier, |shopper, segment| {
        before.insert(shopper.to_owned(), segment);
    })
    .await?;
    let mut rows = vec![];
    each(frames, later, |shopper, to| {
        let row = match before.remove_entry(shopper) {
            None => (Change::Entered, None, to, shopper.to_owned()),
            Some((shopper, from)) => {
                let continued = match to {
                    Some(to) => from.is_some() && continues.get(to as usize) == Some(&from),
                    None => from.is_none(),
                };
                (if continued { Change::Stayed } else { Change::Moved }, from, to, shopper)
            }
        };
        rows.push(row);
    })
    .await?;
    rows.extend(before.into_iter().map(|(shopper, from)| (Change::Left, from, None, shopper)));
    rows.sort_unstable();
    Ok(rows)
}

async fn each(frames: &Frames, report: ReportId, mut give: impl FnMut(&str, Option<u32>)) -> Result<()> {
    let frame = FrameId::assignments(report);
    let mut batches = batches(frames, &frame, &[0, 1]).await?;
    while let Some(batch) = batches.next().await? {
        let shoppers = column(&batch, "shopper")?.as_string_opt::<i32>().context("shopper is not text")?;
        let segments = numbers(&batch, "segment")?;
        shoppers.iter().flatten().zip(&segments).for_each(|(shopper, segment)| give(shopper, *segment));
    }
    Ok(())
}

async fn store(frames: &Frames, frame: &FrameId, rows: &[ShopperChange]) -> Result<()> {
    let mut manifest = Manifest::default();
    // At least one chunk, so that the schema is known.
    let chunks: Vec<&[ShopperChange]> = if rows.is_empty() { vec![rows] } else { rows.chunks(CHUNK_ROWS).collect() };
    for (index, rows) in (0..).zip(chunks) {
        manifest.chunk_rows.push(rows.len() as u64);
        frames.put_chunk(frame, index, projections::frames::encode(&batch(rows)?)?).await?;
    }
    frames.finish(frame, &manifest).await
}

fn batch(rows: &[ShopperChange]) -> Result<RecordBatch> {
    let number = |segment: Option<u32>| segment.map(|segment| segment as i32);
    let shopper: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.3.as_str())));
    let change: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0.name())));
    let from: ArrayRef = Arc::new(rows.iter().map(|row| number(row.1)).collect::<Int32Array>());
    let to: ArrayRef = Arc::new(rows.iter().map(|row| number(row.2)).collect::<Int32Array>());
    let columns = [("shopper", shopper, false), ("change", change, false), ("from", from, true), ("to", to, true)];
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

async fn groups(frames: &Frames, frame: &FrameId) -> Result<Vec<ChangeGroup>> {
    let mut groups: Vec<ChangeGroup> = vec![];
    let mut batches = batches(frames, frame, &[1, 2, 3]).await?;
    let mut row = 0;
    while let Some(batch) = batches.next().await? {
        let changes = column(&batch, "change")?.as_string_opt::<i32>().context("change is not text")?;
        let (from, to) = (numbers(&batch, "from")?, numbers(&batch, "to")?);
        for index in 0..batch.num_rows() {
            let change = Change::of(changes.value(index)).context("an unknown change")?;
            let (from, to) = (from[index], to[index]);
            match groups.last_mut().filter(|group| (group.change, group.from, group.to) == (change, from, to)) {
                Some(group) => group.rows.end += 1,
                None => groups.push(ChangeGroup { change, from, to, rows: row..row + 1 }),
            }
            row += 1;
        }
    }
    Ok(groups)
}

fn numbers(batch: &RecordBatch, name: &str) -> Result<Vec<Option<u32>>> {
    let numbers = column(batch, name)?.as_primitive_opt::<Int32Type>();
    let numbers = numbers.with_context(|| format!("{name} is not a segment"))?;
    Ok(numbers.iter().map(|number| number.map(i32::cast_unsigned)).collect())
}

#[cfg(test)]
mod tests {
    use url::Url;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn everybody_stays_moves_enters_or_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let frames = Frames::open(&Url::from_directory_path(folder.path()).unwrap()).await.unwrap();
        let [earlier, later] = [1, 2].map(|id| ReportId(Uuid::from_u128(id)));
        assigned(&frames, earlier, &[("ana", Some(0)), ("bo", Some(0)), ("cy", Some(1)), ("di", None)]).await;
        assigned(&frames, later, &[("ana", Some(1)), ("bo", Some(0)), ("di", None), ("ed", Some(0))]).await;
        // Segment 1 continues what was 0.
        for _ in 0..2 {
            let (frame, groups) = changes(&frames, earlier, later, &[Some(1), Some(0)]).await.unwrap();
            let shown: Vec<_> =
                groups.into_iter().map(|group| (group.change, group.from, group.to, group.rows)).collect();
            assert_eq!(
                shown,
                [
                    (Change::Moved, Some(0), Some(0), 0..1),
                    (Change::Entered, None, Some(0), 1..2),
                    (Change::Left, Some(1), None, 2..3),
                    (Change::Stayed, None, None, 3..4),
                    (Change::Stayed, Some(0), Some(1), 4..5),
                ]
            );
            let rows = frames.chunk(&frame, 0, None).await.unwrap();
            let shoppers: Vec<_> = rows.column(0).as_string::<i32>().iter().flatten().collect();
            assert_eq!(shoppers, ["bo", "ed", "cy", "di", "ana"]);
        }
    }

    async fn assigned(frames: &Frames, report: ReportId, rows: &[(&str, Option<i32>)]) {
        let shoppers: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0)));
        let segments: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<Int32Array>());
        let batch = RecordBatch::try_from_iter([("shopper", shoppers), ("segment", segments)]).unwrap();
        let frame = FrameId::assignments(report);
        frames.put_chunk(&frame, 0, projections::frames::encode(&batch).unwrap()).await.unwrap();
        frames.finish(&frame, &Manifest { chunk_rows: vec![rows.len() as u64] }).await.unwrap();
    }
}
