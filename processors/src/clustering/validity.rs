//! How good a partition is: Davies-Bouldin, Calinski-Harabasz, inertia.

use super::points::{Points, squared_distance};

/// How good a partition is. What cannot be computed for it is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Validity {
    /// Mean silhouette (Rousseeuw 1987), -1 to 1, higher is better.
    pub silhouette: Option<f64>,
    /// Davies-Bouldin index (1979), 0 or more, lower is better.
    pub davies_bouldin: Option<f64>,
    /// Calinski-Harabasz index (1974), higher is better.
    pub calinski_harabasz: Option<f64>,
    /// Mean adjusted Rand index (Hubert and Arabie 1985) of partitions of bootstrap samples with this one.
    pub stability: Option<f64>,
    /// Sum of squared distances to the centroids.
    pub inertia: Option<f64>,
}

/// The Davies-Bouldin index (1979): for each cluster the worst ratio of spreads to distance of centroids, averaged.
/// None for fewer than two clusters or centroids that coincide.
pub(crate) fn davies_bouldin(points: &Points, labels: &[u32], centroids: &[f64]) -> Option<f64> {
    let centres: Vec<&[f64]> = centroids.chunks_exact(points.dims()).collect();
    let spreads = spreads(points, labels, &centres);
    let worst = |a: usize| {
        let others = (0..centres.len()).filter(|b| *b != a);
        let ratio = |b: usize| (spreads[a] + spreads[b]) / distance(centres[a], centres[b]);
        others.map(ratio).fold(f64::NEG_INFINITY, f64::max)
    };
    let index = (0..centres.len()).map(worst).sum::<f64>() / centres.len() as f64;
    index.is_finite().then_some(index)
}

/// The mean distance of the points of each cluster to its centroid.
fn spreads(points: &Points, labels: &[u32], centres: &[&[f64]]) -> Vec<f64> {
    let mut spreads = vec![(0.0, 0_u64); centres.len()];
    for (index, label) in labels.iter().enumerate() {
        let (sum, count) = &mut spreads[*label as usize];
        *sum += points.squared_distance(index, centres[*label as usize]).sqrt();
        *count += 1;
    }
    spreads.into_iter().map(|(sum, count)| sum / count.max(1) as f64).collect()
}

/// The Calinski-Harabasz index (1974): variance between clusters over variance within, each per degree of freedom.
/// None for fewer than two clusters, for as many clusters as points, or when every point is at its centroid.
pub(crate) fn calinski_harabasz(points: &Points, labels: &[u32], centroids: &[f64]) -> Option<f64> {
    let clusters = centroids.len() / points.dims();
    let (mean, _) = points.means(&vec![0; points.count()], 1);
    let (_, sizes) = points.means(labels, clusters);
    let centres = centroids.chunks_exact(points.dims());
    let between: f64 = centres.zip(&sizes).map(|(centre, size)| *size as f64 * distance(centre, &mean).powi(2)).sum();
    let within = inertia(points, labels, centroids) / points.count().saturating_sub(clusters) as f64;
    let index = between / (clusters as f64 - 1.0) / within;
    index.is_finite().then_some(index)
}

/// The sum of squared distances of the points to the centroids of their clusters.
pub(crate) fn inertia(points: &Points, labels: &[u32], centroids: &[f64]) -> f64 {
    let centre = |label: &u32| &centroids[*label as usize * points.dims()..][..points.dims()];
    labels.iter().enumerate().map(|(index, label)| points.squared_distance(index, centre(label))).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    squared_distance(a, b).sqrt()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::clustering::silhouette::silhouettes;

    #[test]
    fn four_points_have_the_measures_computed_by_hand() {
        let points = Points::of_rows(array![[0.0], [1.0], [10.0], [11.0]].view());
        let labels = [0, 0, 1, 1];
        let silhouette = silhouettes(&points, &[&labels])[0].unwrap();
        assert!((silhouette - f64::midpoint(9.5 / 10.5, 8.5 / 9.5)).abs() < 1e-12);
        assert_eq!(davies_bouldin(&points, &labels, &[0.5, 10.5]), Some(0.1));
        assert_eq!(calinski_harabasz(&points, &labels, &[0.5, 10.5]), Some(200.0));
        assert_eq!(inertia(&points, &labels, &[0.5, 10.5]), 1.0);
    }

    #[test]
    fn one_cluster_cannot_be_measured() {
        let points = Points::of_rows(array![[0.0], [1.0], [2.0]].view());
        assert_eq!(silhouettes(&points, &[&[0, 0, 0]]), [None]);
        assert_eq!(davies_bouldin(&points, &[0, 0, 0], &[1.0]), None);
        assert_eq!(calinski_harabasz(&points, &[0, 0, 0], &[1.0]), None);
    }
}
