//! The frame that says which shopper is in which segment: sorted by segment, so a segment is one range of rows.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use domain::ReportId;
use projections::{FrameId, Frames, Manifest};

use super::pipeline::Segmentation;

const CHUNK_ROWS: usize = 65_536;
const CHUNK_BYTES: usize = 4_000_000;

/// Stores the assignments of a report: columns `shopper`, `segment` (null is noise), `rfm` (null in a shopper table),
/// `distance` (to the centroid, in the space that was clustered) and one per feature; sorted by segment, noise last, and
/// then by shopper.
///
/// # Errors
/// When the frame cannot be written.
pub(crate) async fn store(frames: &Frames, report: ReportId, segmentation: &Segmentation) -> Result<()> {
    let frame = FrameId::assignments(report);
    let order = order(segmentation);
    let mut manifest = Manifest::default();
    for (index, rows) in (0..).zip(chunks(segmentation, &order)) {
        manifest.chunk_rows.push(rows.len() as u64);
        let bytes = projections::frames::encode(&batch(segmentation, &order[rows])?)?;
        frames.put_chunk(&frame, index, bytes).await?;
    }
    frames.finish(&frame, &manifest).await
}

fn order(segmentation: &Segmentation) -> Vec<usize> {
    let mut order: Vec<usize> = (0..segmentation.table.count()).collect();
    // Shoppers are in rising order already.
    order.sort_by_key(|index| segmentation.segments[*index].unwrap_or(u32::MAX));
    order
}

/// Ranges of rows of a bounded size, at least one.
fn chunks(segmentation: &Segmentation, order: &[usize]) -> Vec<Range<usize>> {
    let mut chunks = vec![];
    let (mut start, mut bytes) = (0, 0);
    for (row, index) in order.iter().enumerate() {
        let size = segmentation.table.shoppers[*index].len() + 8 * (3 + segmentation.table.features.len());
        if row > start && (row - start == CHUNK_ROWS || bytes + size > CHUNK_BYTES) {
            chunks.push(start..row);
            (start, bytes) = (row, 0);
        }
        bytes += size;
    }
    chunks.push(start..order.len());
    chunks
}

fn batch(segmentation: &Segmentation, indices: &[usize]) -> Result<RecordBatch> {
    let table = &segmentation.table;
    let shopper: StringArray = indices.iter().map(|index| Some(table.shoppers[*index].as_str())).collect();
    let segment: Int32Array =
        indices.iter().map(|index| segmentation.segments[*index].map(|segment| segment as i32)).collect();
    let name = |index: &usize| {
        let named = segmentation.rfm.as_ref()?;
        Some(named.names[usize::from(named.indices[*index])].as_str())
    };
    let rfm: StringArray = indices.iter().map(name).collect();
    let distance: Float64Array = indices.iter().map(|index| segmentation.distances[*index]).collect();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(shopper), Arc::new(segment), Arc::new(rfm), Arc::new(distance)];
    for feature in 0..table.features.len() {
        let values = indices.iter().map(|index| table.values[[*index, feature]]);
        columns.push(Arc::new(Float64Array::from_iter_values(values)));
    }
    Ok(RecordBatch::try_new(Arc::new(schema(&table.names())), columns)?)
}

fn schema(features: &[String]) -> Schema {
    let mut fields = vec![
        Field::new("shopper", DataType::Utf8, false),
        Field::new("segment", DataType::Int32, true),
        Field::new("rfm", DataType::Utf8, true),
        Field::new("distance", DataType::Float64, true),
    ];
    fields.extend(features.iter().map(|feature| Field::new(feature, DataType::Float64, false)));
    Schema::new(fields)
}
