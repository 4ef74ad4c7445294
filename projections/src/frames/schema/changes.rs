//! What became of each shopper from an earlier report to a later one; those with the same change between the same segments
//! stand together.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{Int32Array, RecordBatch, StringArray};

use super::column::{FrameColumn, schema};

/// The frame of changes.
pub struct ChangesFrame;

/// What became of a shopper.
pub struct ChangeRow<'a> {
    /// The name, as the file has it.
    pub shopper: &'a str,
    /// The name of the change.
    pub change: &'a str,
    /// The segment in the earlier report.
    pub from: Option<u32>,
    /// The segment in the later report.
    pub to: Option<u32>,
}

impl ChangesFrame {
    /// The name, as the file has it.
    pub const SHOPPER: FrameColumn<StringArray> = FrameColumn::required(0, "shopper");
    /// The name of the change.
    pub const CHANGE: FrameColumn<StringArray> = FrameColumn::required(1, "change");
    /// The segment in the earlier report.
    pub const FROM: FrameColumn<Int32Array> = FrameColumn::nullable(2, "from");
    /// The segment in the later report.
    pub const TO: FrameColumn<Int32Array> = FrameColumn::nullable(3, "to");

    /// Rows as a batch.
    ///
    /// # Errors
    /// Never, as the columns have one length.
    pub fn batch<'a>(rows: impl Iterator<Item = ChangeRow<'a>> + Clone) -> Result<RecordBatch> {
        let segment = |segment: Option<u32>| segment.map(u32::cast_signed);
        let columns = vec![
            Arc::new(StringArray::from_iter_values(rows.clone().map(|row| row.shopper))) as _,
            Arc::new(StringArray::from_iter_values(rows.clone().map(|row| row.change))) as _,
            Arc::new(rows.clone().map(|row| segment(row.from)).collect::<Int32Array>()) as _,
            Arc::new(rows.map(|row| segment(row.to)).collect::<Int32Array>()) as _,
        ];
        let fields = [Self::SHOPPER.field(), Self::CHANGE.field(), Self::FROM.field(), Self::TO.field()];
        Ok(RecordBatch::try_new(schema(fields), columns)?)
    }
}
