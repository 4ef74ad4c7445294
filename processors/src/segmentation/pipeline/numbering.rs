//! The numbers of segments: by revenue or size, and those of an earlier report's segments where they continue them.

use domain::report::{Scaling, Segment, Succession};

use super::segments::bare;
use crate::clustering::points::Points;
use crate::segmentation::cluster::Clustering;
use crate::segmentation::input::EarlierReport;
use crate::segmentation::matching::continued;

/// Renumbers the clusters by falling revenue, or size in a shopper table; then by their first shopper.
pub(crate) fn order(clustering: &mut Clustering, spend: Option<&[i64]>) {
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
pub(crate) fn follow(
    earlier: &EarlierReport,
    clustering: &mut Clustering,
    centroids: &mut Vec<f64>,
    scaling: &[Scaling],
    points: &Points,
) -> Succession {
    let dims = points.dims();
    let bare = |(index, centroid): (usize, &[f64])| bare(index, centroid, scaling);
    let own: Vec<Segment> = centroids.chunks_exact(dims).enumerate().map(bare).collect();
    let found = continued(&own, &earlier.segments, scaling, points.spread());
    let mut ranked: Vec<usize> = (0..own.len()).collect();
    ranked.sort_by_key(|cluster| found[*cluster].unwrap_or(u32::MAX));
    renumber(clustering, &ranked);
    *centroids = ranked.iter().flat_map(|cluster| centroids[cluster * dims..][..dims].iter().copied()).collect();
    let continues = ranked.iter().map(|cluster| found[*cluster]).collect();
    Succession { report_id: earlier.report_id, continues }
}
