//! Puts shoppers into the segments of a report: those who are in it by name, others by the values of its features.

use std::collections::HashMap;

use anyhow::{Context, Result};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int32Type};
use domain::ReportId;
use domain::report::{Algorithm, MixtureComponent, Scaling, Segment};
use projections::{FrameId, Frames};

use super::features::scaling::scaled_value;
use super::frame_batches::{batches, column};
use crate::clustering::mixture::gaussian::{self, Gaussian};
use crate::clustering::points::squared_distance;

/// What is needed of a report.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// The report.
    pub report: ReportId,
    /// How it was clustered.
    pub algorithm: Algorithm,
    /// DBSCAN: the radius of a neighbourhood.
    pub epsilon: Option<f64>,
    /// How features were scaled.
    pub scaling: &'a [Scaling],
    /// Its segments.
    pub segments: &'a [Segment],
    /// The components of a mixture.
    pub mixture: &'a [MixtureComponent],
}

/// Where a shopper belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// The segment; none is noise.
    pub segment: Option<u32>,
    /// The distance to its centroid, in the space that was clustered.
    pub distance: Option<f64>,
}

/// The segments of shoppers by name. Who is not in the report is not in the answer.
///
/// # Errors
/// When the frame cannot be read.
pub async fn by_name(frames: &Frames, report: ReportId, names: &[String]) -> Result<HashMap<String, Placed>> {
    let wanted: std::collections::HashSet<&str> = names.iter().map(String::as_str).collect();
    let frame = FrameId::assignments(report);
    let mut found = HashMap::new();
    let mut batches = batches(frames, &frame, &[0, 1, 3]).await?;
    while let Some(batch) = batches.next().await? {
        let shoppers = column(&batch, "shopper")?.as_string_opt::<i32>().context("shopper is not text")?;
        for row in (0..batch.num_rows()).filter(|row| wanted.contains(shoppers.value(*row))) {
            found.insert(shoppers.value(row).to_owned(), placed(&batch, row)?);
        }
    }
    Ok(found)
}

fn placed(batch: &RecordBatch, row: usize) -> Result<Placed> {
    let segments = column(batch, "segment")?.as_primitive_opt::<Int32Type>().context("segment is not a number")?;
    let distances = column(batch, "distance")?.as_primitive_opt::<Float64Type>().context("distance is not a number")?;
    Ok(Placed {
        segment: segments.is_valid(row).then(|| segments.value(row).cast_unsigned()),
        distance: distances.is_valid(row).then(|| distances.value(row)),
    })
}

/// The segments of shoppers by the values of the report's features, in their order.
///
/// k-means: the nearest centroid. Gaussian mixture: the most probable component. DBSCAN: the segment of the nearest
/// shopper within the radius, or none.
///
/// # Errors
/// When the shoppers of a DBSCAN report cannot be read.
pub async fn by_values(frames: &Frames, model: Model<'_>, rows: &[Vec<f64>]) -> Result<Vec<Placed>> {
    let points: Vec<Vec<f64>> = rows.iter().map(|row| scaled(row, model.scaling)).collect();
    let segments = match model.algorithm {
        Algorithm::Kmeans => points.iter().map(|point| nearest(model, point)).collect(),
        Algorithm::GaussianMixture => most_probable(model, &points),
        Algorithm::Dbscan => neighbours(frames, model, &points).await?,
    };
    let placed = |(point, segment): (&Vec<f64>, Option<u32>)| Placed {
        segment,
        distance: segment.map(|segment| squared_distance(point, &centroid(model, segment as usize)).sqrt()),
    };
    Ok(points.iter().zip(segments).map(placed).collect())
}

fn scaled(row: &[f64], scaling: &[Scaling]) -> Vec<f64> {
    row.iter().zip(scaling).map(|(value, scaling)| scaled_value(*value, scaling)).collect()
}

fn centroid(model: Model<'_>, segment: usize) -> Vec<f64> {
    let value = |scaling: &Scaling| {
        let value = model.segments[segment].centroid.get(&scaling.feature).copied().unwrap_or_default();
        scaled_value(value, scaling)
    };
    model.scaling.iter().map(value).collect()
}

fn nearest(model: Model<'_>, point: &[f64]) -> Option<u32> {
    let distance = |segment: &usize| squared_distance(point, &centroid(model, *segment));
    let nearest = (0..model.segments.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map(|segment| segment as u32)
}

fn most_probable(model: Model<'_>, points: &[Vec<f64>]) -> Vec<Option<u32>> {
    let gaussian = |component: &MixtureComponent| Gaussian {
        weight: component.weight,
        mean: component.mean.clone(),
        covariance: component.covariance.clone(),
    };
    let gaussians: Vec<Gaussian> = model.mixture.iter().map(gaussian).collect();
    let segment = |point: &Vec<f64>| Some(model.mixture[gaussian::most_probable(&gaussians, point)?].segment);
    points.iter().map(segment).collect()
}

async fn neighbours(frames: &Frames, model: Model<'_>, points: &[Vec<f64>]) -> Result<Vec<Option<u32>>> {
    let radius = model.epsilon.unwrap_or_default().powi(2);
    let mut best = vec![(radius, None); points.len()];
    let frame = FrameId::assignments(model.report);
    let columns: Vec<usize> = [1].into_iter().chain(4..4 + model.scaling.len()).collect();
    let mut batches = batches(frames, &frame, &columns).await?;
    while let Some(batch) = batches.next().await? {
        let segments = column(&batch, "segment")?.as_primitive_opt::<Int32Type>().context("segment is not a number")?;
        for row in (0..batch.num_rows()).filter(|row| segments.is_valid(*row)) {
            let other = values(&batch, row, model.scaling)?;
            for (point, best) in points.iter().zip(&mut best) {
                let distance = squared_distance(point, &other);
                if distance <= best.0 {
                    *best = (distance, Some(segments.value(row).cast_unsigned()));
                }
            }
        }
    }
    Ok(best.into_iter().map(|(_, segment)| segment).collect())
}

fn values(batch: &RecordBatch, row: usize, scaling: &[Scaling]) -> Result<Vec<f64>> {
    let value = |(index, scaling): (usize, &Scaling)| {
        let column = batch.column(1 + index).as_primitive_opt::<Float64Type>().context("a feature is not a number")?;
        Ok(scaled_value(column.value(row), scaling))
    };
    scaling.iter().enumerate().map(value).collect()
}
