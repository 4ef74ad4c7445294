//! Which shopper is in which segment of a report: sorted by segment, those in none last, and then by shopper. So a segment
//! is one range of rows.

use std::iter::once;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{
    ArrayRef, AsArray, Float64Array, Float64Builder, Int32Array, Int32Builder, RecordBatch, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Float64Type};

use super::column::{FrameColumn, schema};

/// The frame of assignments.
pub struct AssignmentsFrame;

/// A shopper in a segment.
pub struct AssignmentRow<'a> {
    /// The name, as the file has it.
    pub shopper: &'a str,
    /// None is noise.
    pub segment: Option<u32>,
    /// The group of the RFM grid; none in a shopper table.
    pub rfm: Option<&'a str>,
    /// To the centroid, in the space that was clustered.
    pub distance: Option<f64>,
}

impl AssignmentsFrame {
    /// The name, as the file has it.
    pub const SHOPPER: FrameColumn<StringArray> = FrameColumn::required(0, "shopper");
    /// None is noise.
    pub const SEGMENT: FrameColumn<Int32Array> = FrameColumn::nullable(1, "segment");
    /// The group of the RFM grid; null in a shopper table.
    pub const RFM: FrameColumn<StringArray> = FrameColumn::nullable(2, "rfm");
    /// To the centroid, in the space that was clustered.
    pub const DISTANCE: FrameColumn<Float64Array> = FrameColumn::nullable(3, "distance");
    /// A column for each feature follows. A feature may have any name, so these are found by their order.
    const FIXED: usize = 4;

    /// The columns to read for the segments of shoppers and the first features.
    pub fn segment_and_features(features: usize) -> Vec<usize> {
        once(Self::SEGMENT.index()).chain(Self::FIXED..Self::FIXED + features).collect()
    }

    /// The features in a batch that was read with [`Self::segment_and_features`].
    ///
    /// # Errors
    /// When it was not.
    pub fn features(batch: &RecordBatch) -> Result<Vec<&Float64Array>> {
        let features = batch.columns().iter().skip(1).map(|column| column.as_primitive_opt::<Float64Type>());
        features.map(|feature| feature.context("a feature is not a number")).collect()
    }
}

/// Assignments that become a batch.
pub struct AssignmentsBuilder {
    shoppers: StringBuilder,
    segments: Int32Builder,
    rfm: StringBuilder,
    distances: Float64Builder,
    features: Vec<(String, Vec<f64>)>,
}

impl AssignmentsBuilder {
    /// None yet, of shoppers with these features.
    pub fn new(features: impl IntoIterator<Item = String>) -> Self {
        Self {
            shoppers: StringBuilder::new(),
            segments: Int32Builder::new(),
            rfm: StringBuilder::new(),
            distances: Float64Builder::new(),
            features: features.into_iter().map(|name| (name, vec![])).collect(),
        }
    }

    /// Adds a row with the values of its features.
    pub fn push(&mut self, row: &AssignmentRow<'_>, features: impl IntoIterator<Item = f64>) {
        self.shoppers.append_value(row.shopper);
        self.segments.append_option(row.segment.map(u32::cast_signed));
        self.rfm.append_option(row.rfm);
        self.distances.append_option(row.distance);
        self.features.iter_mut().zip(features).for_each(|((_, column), value)| column.push(value));
    }

    /// The rows.
    ///
    /// # Errors
    /// When a row had fewer features.
    pub fn finish(mut self) -> Result<RecordBatch> {
        let mut fields = vec![
            AssignmentsFrame::SHOPPER.field(),
            AssignmentsFrame::SEGMENT.field(),
            AssignmentsFrame::RFM.field(),
            AssignmentsFrame::DISTANCE.field(),
        ];
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.shoppers.finish()),
            Arc::new(self.segments.finish()),
            Arc::new(self.rfm.finish()),
            Arc::new(self.distances.finish()),
        ];
        for (name, values) in self.features {
            fields.push(Field::new(name, DataType::Float64, false));
            columns.push(Arc::new(Float64Array::from(values)));
        }
        Ok(RecordBatch::try_new(schema(fields), columns)?)
    }
}
