//! How good the partitions are that were tried; on samples where there are many shoppers.

use domain::report::{Algorithm, Parameters};

use super::partition::Partition;
use crate::clustering::points::Points;
use crate::clustering::random::{self, Purpose};
use crate::clustering::silhouette::silhouettes;
use crate::clustering::validity::{self, Validity};
use crate::clustering::{mixture, stability};

/// The silhouette is exact up to this many shoppers and measured on so many beyond.
pub(crate) const SILHOUETTE_SAMPLE: usize = 20_000;
/// Stability is measured with resamples of at most so many shoppers.
const RESAMPLED: usize = 5_000;
/// The same for Gaussian mixtures, which take longer to fit.
const RESAMPLED_FOR_MIXTURES: usize = 1_000;

/// All measures but the stability.
pub(crate) fn validities(points: &Points, partitions: &[Partition], seed: u64) -> Vec<Validity> {
    let all: Vec<&[u32]> = partitions.iter().map(|partition| &*partition.labels).collect();
    let mut random = random::generator(seed, Purpose::Silhouette, 0, 0);
    let found = match random::sample(points.count(), SILHOUETTE_SAMPLE, &mut random) {
        None => silhouettes(points, &all),
        Some(indices) => {
            let pick = |labels: &&[u32]| -> Vec<u32> { indices.iter().map(|index| labels[*index]).collect() };
            let sampled: Vec<Vec<u32>> = all.iter().map(pick).collect();
            let sampled: Vec<&[u32]> = sampled.iter().map(Vec::as_slice).collect();
            silhouettes(&points.gather(&indices), &sampled)
        }
    };
    let measured = partitions.iter().zip(found);
    measured.map(|(partition, silhouette)| measure(points, partition, silhouette)).collect()
}

fn measure(points: &Points, partition: &Partition, silhouette: Option<f64>) -> Validity {
    let labels = &partition.labels;
    let (centroids, _) = points.means(labels, partition.clusters);
    Validity {
        silhouette,
        davies_bouldin: validity::davies_bouldin(points, labels, &centroids),
        calinski_harabasz: validity::calinski_harabasz(points, labels, &centroids),
        stability: None,
        inertia: Some(validity::inertia(points, labels, &centroids)),
    }
}

/// How far partitions of bootstrap samples are the same.
pub(crate) fn measure_stability(points: &Points, partition: &Partition, parameters: &Parameters) -> f64 {
    let (labels, clusters) = (&partition.labels, partition.clusters);
    let limit = resampled(parameters.algorithm);
    stability::stability(points, labels, clusters, limit, parameters.seed, |sample, compared, seed| {
        if parameters.algorithm == Algorithm::Kmeans {
            return stability::kmeans_again(&points.gather(sample), compared, clusters, seed);
        }
        let again = mixture::fit(&points.gather(sample), clusters, mixture::NEARLY_REST, seed);
        again.map_or_else(|| vec![0; compared.count()], |mixture| mixture.assign(compared))
    })
}

/// How many points a bootstrap sample has at most.
pub(crate) fn resampled(algorithm: Algorithm) -> usize {
    if algorithm == Algorithm::GaussianMixture { RESAMPLED_FOR_MIXTURES } else { RESAMPLED }
}
