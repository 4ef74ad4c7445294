//! From a table of shoppers to segments: prepared, clustered, ordered, measured and named. Pure computation.

mod numbering;
mod profiles;
mod segments;

use domain::report::{ClusterCount, Parameters, ReportResult, Scaling, Segment};

use super::cluster::{self, Clustering};
use super::feature_table::{FeatureTable, MIN_BUYERS};
use super::features::rfm_scores::{self, RfmLabels};
use super::features::scaling;
use super::input::EarlierReport;
use crate::clustering::points::Points;
use numbering::{follow, order};
use segments::segments;

/// Fewer rows of a shopper table than this cannot be segmented.
const MIN_ROWS: usize = 30;

/// The answer, and what is stored of each shopper.
#[derive(Clone, Debug)]
pub(crate) struct Segmentation {
    /// The shoppers with the features that were used.
    pub table: FeatureTable,
    /// The segment of each, as its index in the report; none is noise.
    pub segments: Vec<Option<u32>>,
    /// The distance of each to the centroid of its segment, in the space that was clustered.
    pub distances: Vec<Option<f64>>,
    /// The name of each in the RFM grid; absent in a shopper table.
    pub rfm: Option<RfmLabels>,
    /// The report, still without top products.
    pub result: ReportResult,
}

/// Groups shoppers.
///
/// # Errors
/// A sentence on what is missing for an answer.
pub(crate) fn segment(
    table: FeatureTable,
    parameters: &Parameters,
    earlier: Option<&EarlierReport>,
) -> Result<Segmentation, String> {
    enough(&table, parameters)?;
    // The grid needs recency, frequency and monetary whatever shoppers are compared by.
    let grid = parameters.rfm_grid.as_deref().cloned().unwrap_or_default();
    let rfm = table.buyers.as_ref().map(|buyers| rfm_scores::named(buyers, &grid));
    let table = scaling::without_constants(table)?;
    let (rows, scaling) = scaling::scaled(&table, parameters.scale);
    let mut clustering = cluster::cluster(&rows, parameters)?;
    order(&mut clustering, table.spend());
    let points = Points::of_rows(rows.view());
    let mut centroids = centroids(&points, &clustering);
    let previous = earlier.map(|earlier| follow(earlier, &mut clustering, &mut centroids, &scaling, &points));
    let segments = segments(&table, &clustering, &centroids, &scaling);
    let distances = distances(&points, &clustering, &centroids);
    let result = ReportResult { previous, ..report_result(&table, &clustering, segments, scaling, rfm.as_ref()) };
    Ok(Segmentation { segments: clustering.labels, distances, rfm, result, table })
}

fn enough(table: &FeatureTable, parameters: &Parameters) -> Result<(), String> {
    let given = match parameters.clusters {
        ClusterCount::Exactly(count) => 2 * count as usize,
        ClusterCount::Auto => 0,
    };
    let (least, what) = match table.buyers {
        Some(_) => (MIN_BUYERS.max(given), "shoppers with a purchase"),
        None => (MIN_ROWS.max(given), "shoppers with a value in every feature"),
    };
    if table.count() < least {
        let notes = table.notes.iter().map(|note| format!(" {note}")).collect::<String>();
        return Err(format!("There are only {} {what}; at least {least} are needed.{notes}", table.count()));
    }
    Ok(())
}

/// The mean of each cluster in the space that was clustered.
fn centroids(points: &Points, clustering: &Clustering) -> Vec<f64> {
    let indices: Vec<usize> = (0..points.count()).filter(|index| clustering.labels[*index].is_some()).collect();
    let labels: Vec<u32> = clustering.labels.iter().copied().flatten().collect();
    points.gather(&indices).means(&labels, clustering.clusters as usize).0
}

fn distances(points: &Points, clustering: &Clustering, centroids: &[f64]) -> Vec<Option<f64>> {
    let centroid = |label: u32| &centroids[label as usize * points.dims()..][..points.dims()];
    let distance = |(index, label): (usize, &Option<u32>)| {
        label.map(|label| points.squared_distance(index, centroid(label)).sqrt())
    };
    clustering.labels.iter().enumerate().map(distance).collect()
}

fn report_result(
    table: &FeatureTable,
    clustering: &Clustering,
    segments: Vec<Segment>,
    scaling: Vec<Scaling>,
    rfm: Option<&RfmLabels>,
) -> ReportResult {
    ReportResult {
        as_of: table.buyers.as_ref().map(|buyers| buyers.as_of),
        shopper_count: table.count() as u64,
        features: table.names(),
        scaling,
        clusters: clustering.clusters,
        noise_count: clustering.labels.iter().filter(|label| label.is_none()).count() as u64,
        iterations: clustering.iterations,
        converged: clustering.converged,
        quality: clustering.quality.clone(),
        candidates: clustering.candidates.clone(),
        segments,
        rfm: rfm.zip(table.spend()).map(|(named, spend)| rfm_scores::groups(named, spend)),
        notes: table.notes.iter().chain(&clustering.notes).cloned().collect(),
        mixture: clustering.mixture.clone(),
        previous: None,
        sources: vec![],
        program_version: None,
    }
}

#[cfg(test)]
mod tests;
