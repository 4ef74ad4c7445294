//! One partition of all shoppers, by k-means or a Gaussian mixture.

use domain::report::{Algorithm, MixtureComponent, Parameters};

use crate::clustering::kmeans;
use crate::clustering::mixture;
use crate::clustering::mixture::gaussian::Gaussian;
use crate::clustering::points::Points;
use crate::segmentation::number_format::{counted, decimals};

/// A division of all points.
pub(crate) struct Partition {
    /// The cluster of each point.
    pub labels: Vec<u32>,
    /// How many clusters there are.
    pub clusters: usize,
    /// Iterations of the best start.
    pub iterations: u32,
    /// Whether the algorithm came to rest.
    pub converged: bool,
    /// The components of a Gaussian mixture, each with its cluster.
    pub mixture: Vec<MixtureComponent>,
    /// What a reader should know.
    pub note: Option<String>,
}

/// Divides the points into so many clusters. None when a mixture collapses.
pub(crate) fn partition(points: &Points, clusters: usize, parameters: &Parameters) -> Option<Partition> {
    if parameters.algorithm == Algorithm::GaussianMixture {
        return mixed(points, clusters, parameters.seed);
    }
    let fit = kmeans::fit(points, clusters, parameters.seed);
    let (iterations, converged) = (fit.iterations, fit.converged);
    Some(Partition { labels: fit.labels, clusters, iterations, converged, mixture: vec![], note: None })
}

fn mixed(points: &Points, clusters: usize, seed: u64) -> Option<Partition> {
    let mixture = mixture::fit(points, clusters, mixture::REST, seed)?;
    let (labels, indices) = without_gaps(mixture.assign(points), clusters);
    let likelihood = decimals(mixture.mean_log_likelihood(points), 4);
    let sampled = match points.count() > mixture::SAMPLE {
        true => format!(", fitted to a random sample of {}", counted(mixture::SAMPLE as u64, "shopper")),
        false => String::new(),
    };
    let note = format!("The mixture of {clusters} has a mean log-likelihood of {likelihood} per shopper{sampled}.");
    // A component that is nobody's most probable one is no segment.
    let component = |(gaussian, segment): (Gaussian, Option<u32>)| {
        let Gaussian { weight, mean, covariance } = gaussian;
        Some(MixtureComponent { segment: segment?, weight, mean, covariance })
    };
    let components: Vec<MixtureComponent> = mixture.gaussians().zip(indices).filter_map(component).collect();
    let found = components.len();
    (found > 1).then_some(Partition {
        labels,
        clusters: found,
        iterations: mixture.iterations,
        converged: mixture.converged,
        mixture: components,
        note: Some(note),
    })
}

/// Renumbers labels so that every number is used, and says what became of each.
fn without_gaps(mut labels: Vec<u32>, clusters: usize) -> (Vec<u32>, Vec<Option<u32>>) {
    let mut next = 0;
    let number = |size: u64| {
        (size > 0).then(|| {
            next += 1;
            next - 1
        })
    };
    let indices: Vec<Option<u32>> = sizes(&labels, clusters).into_iter().map(number).collect();
    labels.iter_mut().for_each(|label| *label = indices[*label as usize].unwrap_or(0));
    (labels, indices)
}

/// How many points each cluster has.
pub(crate) fn sizes(labels: &[u32], clusters: usize) -> Vec<u64> {
    let mut sizes = vec![0; clusters];
    labels.iter().for_each(|label| sizes[*label as usize] += 1);
    sizes
}
