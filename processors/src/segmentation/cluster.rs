//! From points to clusters with evidence: the algorithm that was asked for, with a given number of clusters or the best.

mod candidates;
mod measures;
mod partition;

use domain::report::{Algorithm, Candidate, ClusterCount, MixtureComponent, Parameters, Quality};
use ndarray::Array2;

use super::number_format::counted;
use crate::clustering::points::Points;
use crate::clustering::select_k::CandidateK;
use crate::clustering::validity::Validity;
use crate::clustering::{dbscan, stability};
use candidates::{judged, quality};
use measures::{SILHOUETTE_SAMPLE, measure_stability, resampled, validities};
use partition::{Partition, partition, sizes};

/// The most clusters that are tried when the number is not given.
const MAX_CLUSTERS: usize = 10;
/// Shoppers per cluster that a candidate needs on average.
const MIN_MEAN_SIZE: usize = 5;

/// DBSCAN visits all neighbours of every shopper; beyond this many that takes too long.
const MAX_FOR_DBSCAN: usize = 100_000;

/// Clusters and how good they are.
#[derive(Clone, Debug)]
pub(crate) struct Clustering {
    /// The cluster of each point; none is noise.
    pub labels: Vec<Option<u32>>,
    /// How many clusters there are.
    pub clusters: u32,
    /// Iterations of the best start; 0 where the algorithm does not say.
    pub iterations: u32,
    /// Whether the algorithm came to rest.
    pub converged: bool,
    /// How good the partition is.
    pub quality: Quality,
    /// The numbers of clusters that were tried, when none was given.
    pub candidates: Vec<Candidate>,
    /// The components of a Gaussian mixture, each with its cluster.
    pub mixture: Vec<MixtureComponent>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Clusters the rows of a matrix of finite numbers.
///
/// # Errors
/// A sentence on why these rows cannot be clustered like this.
pub(crate) fn cluster(rows: &Array2<f64>, parameters: &Parameters) -> Result<Clustering, String> {
    let points = Points::of_rows(rows.view());
    match (parameters.algorithm, parameters.clusters) {
        (Algorithm::Dbscan, _) => by_density(rows, &points, parameters),
        (_, ClusterCount::Exactly(clusters)) => given(&points, clusters as usize, parameters),
        (_, ClusterCount::Auto) => best(&points, parameters),
    }
}

fn given(points: &Points, clusters: usize, parameters: &Parameters) -> Result<Clustering, String> {
    let distinct = points.distinct(clusters);
    if distinct < clusters {
        return Err(format!(
            "The shoppers show only {distinct} different combinations of features, too few for {clusters} segments."
        ));
    }
    let partition = partition(points, clusters, parameters).ok_or_else(|| {
        format!("The Gaussian mixture did not come to rest with {clusters} segments. Try fewer, or k-means.")
    })?;
    let mut validity = validities(points, std::slice::from_ref(&partition), parameters.seed).swap_remove(0);
    validity.stability = Some(measure_stability(points, &partition, parameters));
    Ok(finished(points, partition, quality(&validity), vec![], parameters.algorithm))
}

fn best(points: &Points, parameters: &Parameters) -> Result<Clustering, String> {
    let limit = MAX_CLUSTERS.min(points.count() / MIN_MEAN_SIZE).min(points.distinct(MAX_CLUSTERS));
    // A mixture whose components do not all win points is no candidate of its own.
    let tried = |clusters| partition(points, clusters, parameters).filter(|found| found.clusters == clusters);
    let mut partitions: Vec<Partition> = (2..=limit).filter_map(tried).collect();
    if partitions.is_empty() {
        return Err("The shoppers are too few or too alike to be divided into segments.".to_owned());
    }
    let mut validities = validities(points, &partitions, parameters.seed);
    for (validity, partition) in validities.iter_mut().zip(&partitions) {
        validity.stability = Some(measure_stability(points, partition, parameters));
    }
    let tried: Vec<CandidateK> = validities.into_iter().zip(&partitions).map(candidate).collect();
    let candidates = judged(&tried, points.count() as u64);
    let index = candidates.iter().position(|candidate| candidate.chosen).unwrap_or_default();
    let chosen = partitions.swap_remove(index);
    let quality = candidates[index].quality.clone();
    Ok(finished(points, chosen, quality, candidates, parameters.algorithm))
}

fn candidate((validity, partition): (Validity, &Partition)) -> CandidateK {
    let smallest = sizes(&partition.labels, partition.clusters).into_iter().min().unwrap_or_default();
    CandidateK { clusters: partition.clusters as u32, validity, smallest }
}

fn finished(
    points: &Points,
    partition: Partition,
    quality: Quality,
    candidates: Vec<Candidate>,
    algorithm: Algorithm,
) -> Clustering {
    let mut notes: Vec<String> = partition.note.into_iter().collect();
    if points.count() > SILHOUETTE_SAMPLE {
        let sample = counted(SILHOUETTE_SAMPLE as u64, "shopper");
        notes.push(format!("The silhouette was measured on a random sample of {sample}."));
    }
    let resampled = resampled(algorithm);
    if quality.stability.is_some() && points.count() > resampled {
        let sample = counted(resampled as u64, "shopper");
        notes.push(format!("Stability was measured with {} resamples of {sample}.", stability::RESAMPLES));
    }
    Clustering {
        labels: partition.labels.into_iter().map(Some).collect(),
        clusters: partition.clusters as u32,
        iterations: partition.iterations,
        converged: partition.converged,
        quality,
        candidates,
        mixture: partition.mixture,
        notes,
    }
}

fn by_density(rows: &Array2<f64>, points: &Points, parameters: &Parameters) -> Result<Clustering, String> {
    if points.count() > MAX_FOR_DBSCAN {
        let limit = counted(MAX_FOR_DBSCAN as u64, "shopper");
        return Err(format!("DBSCAN is limited to {limit}, as it visits all neighbours of each. Use k-means."));
    }
    let epsilon = parameters.epsilon.unwrap_or_default();
    let labels = dbscan::cluster(rows, epsilon, parameters.min_points.unwrap_or_default() as usize)
        .ok_or("DBSCAN needs an epsilon above 0 and min_points of at least 2.")?;
    let indices: Vec<usize> = (0..labels.len()).filter(|index| labels[*index].is_some()).collect();
    let dense: Vec<u32> = labels.iter().copied().flatten().collect();
    let Some(last) = dense.iter().max() else {
        return Err("No neighbourhood is dense enough for a segment. Try a greater epsilon or fewer min_points.".into());
    };
    let points = points.gather(&indices);
    let clusters = *last as usize + 1;
    let partition = Partition { clusters, labels: dense, iterations: 1, converged: true, mixture: vec![], note: None };
    let validity = validities(&points, std::slice::from_ref(&partition), parameters.seed).swap_remove(0);
    let mut found = finished(&points, partition, quality(&validity), vec![], parameters.algorithm);
    if indices.len() < labels.len() {
        let noise = counted((labels.len() - indices.len()) as u64, "shopper");
        found
            .notes
            .push(format!("{noise} in no dense neighbourhood are in no segment; quality is measured without them."));
    }
    Ok(Clustering { labels, ..found })
}
