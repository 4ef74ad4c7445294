//! From a table of shoppers to segments: prepared, clustered, ordered, measured and named. Pure computation.

use std::collections::BTreeMap;

use domain::ReportId;
use domain::report::{ClusterCount, Parameters, ReportResult, Scaling, Segment, StoreShare, Succession};
use ndarray::Axis;

use super::cluster::{self, Clustering};
use super::feature_table::{Buyers, FeatureKind, FeatureTable, MIN_BUYERS};
use super::features::rfm_scores::{self, RfmLabels};
use super::features::scaling;
use super::input::EarlierReport;
use super::matching::continued;
use super::naming::profile::Profile;
use super::naming::{self, SegmentText};
use crate::clustering::points::Points;

/// Fewer rows of a shopper table than this cannot be segmented.
const MIN_ROWS: usize = 30;

/// The answer, and what is stored of each shopper.
#[derive(Clone, Debug)]
pub struct Segmentation {
    /// The shoppers with the features that were used.
    pub table: FeatureTable,
    /// The segment of each, as its index in the report; none is noise.
    pub segments: Vec<Option<u32>>,
    /// The distance of each to the centroid of its segment, in the space that was clustered.
    pub distances: Vec<Option<f64>>,
    /// The name of each in the RFM grid; absent in a shopper table.
    pub rfm: Option<RfmLabels>,
    /// The report, still without top products.
    pub findings: ReportResult,
}

/// Groups shoppers.
///
/// # Errors
/// A sentence on what is missing for an answer.
pub fn segment(
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
    let findings = ReportResult { previous, ..findings(&table, &clustering, segments, scaling, rfm.as_ref()) };
    Ok(Segmentation { segments: clustering.labels, distances, rfm, findings, table })
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

/// Renumbers the clusters by falling revenue, or size in a shopper table; then by their first shopper.
fn order(clustering: &mut Clustering, spend: Option<&[i64]>) {
    let mut weights = vec![(0_i128, 0_u64, usize::MAX); clustering.clusters as usize];
    for (index, label) in clustering.labels.iter().enumerate() {
        let Some(label) = label else { continue };
        let (revenue, size, first) = &mut weights[*label as usize];
        *revenue += spend.map_or(0, |spend| i128::from(spend[index]));
        *size += 1;
        *first = index.min(*first);
    }
    let mut ranked: Vec<usize> = (0..weights.len()).collect();
    ranked.sort_by_key(|cluster| {
        let (revenue, size, first) = weights[*cluster];
        (std::cmp::Reverse((revenue, size)), first)
    });
    renumber(clustering, &ranked);
}

/// Gives each cluster the number of its place in `ranked`.
fn renumber(clustering: &mut Clustering, ranked: &[usize]) {
    let mut rank = vec![0; ranked.len()];
    ranked.iter().enumerate().for_each(|(index, cluster)| rank[*cluster] = index as u32);
    clustering.labels.iter_mut().flatten().for_each(|label| *label = rank[*label as usize]);
    clustering.mixture.iter_mut().for_each(|component| component.segment = rank[component.segment as usize]);
    clustering.mixture.sort_by_key(|component| component.segment);
}

/// Puts the clusters into the order of the earlier segments that they continue; new ones come last, in their own order.
fn follow(
    earlier: &EarlierReport,
    clustering: &mut Clustering,
    centroids: &mut Vec<f64>,
    scaling: &[Scaling],
    points: &Points,
) -> Succession {
    let dims = points.dims();
    let bare = |(index, centroid): (usize, &[f64])| Segment { centroid: unscaled(centroid, scaling), ..unnamed(index) };
    let own: Vec<Segment> = centroids.chunks_exact(dims).enumerate().map(bare).collect();
    let found = continued(&own, &earlier.segments, scaling, points.spread());
    let mut ranked: Vec<usize> = (0..own.len()).collect();
    ranked.sort_by_key(|cluster| found[*cluster].unwrap_or(u32::MAX));
    renumber(clustering, &ranked);
    *centroids = ranked.iter().flat_map(|cluster| centroids[cluster * dims..][..dims].iter().copied()).collect();
    let continues = ranked.iter().map(|cluster| found[*cluster]).collect();
    Succession { report_id: earlier.report_id, continues }
}

fn unnamed(index: usize) -> Segment {
    Segment {
        index: index as u32,
        name: String::new(),
        description: String::new(),
        action: String::new(),
        size: 0,
        share: 0.0,
        revenue: None,
        revenue_share: None,
        centroid: BTreeMap::new(),
        median: BTreeMap::new(),
        top_products: vec![],
        stores: vec![],
    }
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

fn segments(table: &FeatureTable, clustering: &Clustering, centroids: &[f64], scaling: &[Scaling]) -> Vec<Segment> {
    let mut members = vec![vec![]; clustering.clusters as usize];
    for (index, label) in clustering.labels.iter().enumerate() {
        if let Some(label) = label {
            members[*label as usize].push(index);
        }
    }
    let profiles = profiles(table, &members);
    let texts = naming::name_segments(table, &profiles);
    let segment = |((index, text), profile): ((usize, SegmentText), &Profile)| Segment {
        name: text.name,
        description: text.description,
        action: text.action,
        size: profile.size,
        share: profile.share,
        revenue: revenue(table, &members[index]),
        revenue_share: profile.revenue_share,
        centroid: unscaled(&centroids[index * scaling.len()..][..scaling.len()], scaling),
        median: table.names().into_iter().zip(profile.medians.iter().copied()).collect(),
        stores: table.buyers.as_ref().map(|buyers| stores(buyers, &members[index])).unwrap_or_default(),
        ..unnamed(index)
    };
    texts.into_iter().enumerate().zip(&profiles).map(segment).collect()
}

/// Where a segment buys, by falling share.
fn stores(buyers: &Buyers, members: &[usize]) -> Vec<StoreShare> {
    let count = buyers.stores.len();
    let mut spent = vec![0_i128; count];
    for member in members.iter().filter(|_| count > 0) {
        let own = &buyers.spend_by_store[member * count..][..count];
        spent.iter_mut().zip(own).for_each(|(sum, own)| *sum += i128::from(*own));
    }
    let total = spent.iter().sum::<i128>().max(1);
    let mut stores: Vec<(i128, StoreShare)> = buyers
        .stores
        .iter()
        .zip(spent)
        .map(|(store_id, spent)| {
            (spent, StoreShare { store_id: *store_id, revenue_share: spent as f64 / total as f64 })
        })
        .collect();
    stores.sort_by_key(|(spent, share)| (std::cmp::Reverse(*spent), share.store_id));
    stores.into_iter().map(|(_, share)| share).collect()
}

fn unscaled(centroid: &[f64], scaling: &[Scaling]) -> BTreeMap<String, f64> {
    let unscaled = |(value, scaling): (&f64, &Scaling)| (scaling.feature.clone(), scaling::unscaled(*value, scaling));
    centroid.iter().zip(scaling).map(unscaled).collect()
}

fn profiles(table: &FeatureTable, members: &[Vec<usize>]) -> Vec<Profile> {
    let columns: Vec<Vec<f64>> = table.values.axis_iter(Axis(1)).map(|column| column.to_vec()).collect();
    let sorted = |column: &[f64]| {
        let mut column = column.to_vec();
        column.sort_by(f64::total_cmp);
        column
    };
    let all: Vec<Vec<f64>> = columns.iter().map(|column| sorted(column)).collect();
    let of_rfm = table.buyers.as_ref().map(|buyers| [&buyers.recency, &buyers.frequency, &buyers.monetary]);
    let all_of_rfm = of_rfm.map(|columns| columns.map(|column| sorted(column)));
    let total = table.spend().map(|spend| sum_of(spend.iter()));
    let profile = |members: &Vec<usize>| {
        let own = |column: &[f64]| sorted(&members.iter().map(|index| column[*index]).collect::<Vec<_>>());
        let own_columns: Vec<Vec<f64>> = columns.iter().map(|column| own(column)).collect();
        let medians: Vec<f64> = own_columns.iter().map(|column| median(column)).collect();
        let positions = (0..columns.len()).map(|index| match table.features[index].kind {
            FeatureKind::Number => position(medians[index], &all[index]),
            // How much larger the category's share is than among all shoppers.
            FeatureKind::Category => 0.5 + mean(&own_columns[index]) - mean(&all[index]),
        });
        let rfm = of_rfm
            .zip(all_of_rfm.as_ref())
            .map(|(columns, all)| [0, 1, 2].map(|index: usize| position(median(&own(columns[index])), &all[index])));
        let spent = table.spend().map(|spend| sum_of(members.iter().map(|index| &spend[*index])));
        Profile {
            size: members.len() as u64,
            share: members.len() as f64 / table.count() as f64,
            revenue_share: spent.zip(total).map(|(spent, total)| spent as f64 / total.max(1) as f64),
            positions: positions.collect(),
            means: own_columns.iter().map(|column| mean(column)).collect(),
            overall: all.iter().map(|column| median(column)).collect(),
            medians,
            rfm,
        }
    };
    members.iter().map(profile).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn revenue(table: &FeatureTable, members: &[usize]) -> Option<f64> {
    table.spend().map(|spend| sum_of(members.iter().map(|index| &spend[*index])) as f64 / 1e6)
}

fn sum_of<'a>(micros: impl Iterator<Item = &'a i64>) -> i128 {
    micros.map(|micros| i128::from(*micros)).sum()
}

/// The middle of sorted values, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[len / 2],
        len => f64::midpoint(sorted[len / 2 - 1], sorted[len / 2]),
    }
}

/// The share of sorted values below a value; equal ones count half.
fn position(value: f64, sorted: &[f64]) -> f64 {
    let below = sorted.partition_point(|other| *other < value);
    let through = sorted.partition_point(|other| *other <= value);
    (below + through) as f64 / (2 * sorted.len()) as f64
}

fn findings(
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
