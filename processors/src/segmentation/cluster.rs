//! From points to clusters with evidence: the algorithm that was asked for, with a given number of clusters or the best.

use domain::report::{Algorithm, Candidate, ClusterCount, MixtureComponent, Parameters, Quality};
use ndarray::Array2;

use super::number_format::{counted, decimals};
use crate::clustering::points::Points;
use crate::clustering::random::{self, Purpose};
use crate::clustering::select_k::{Evidence, choose};
use crate::clustering::{dbscan, kmeans, mixture, stability, validity};

/// The most clusters that are tried when the number is not given.
const MOST: usize = 10;
/// Shoppers per cluster that a candidate needs on average.
const LEAST_MEAN_SIZE: usize = 5;
/// The silhouette is exact up to this many shoppers and measured on so many beyond.
const SILHOUETTE_SAMPLE: usize = 20_000;

/// DBSCAN visits all neighbours of every shopper; beyond this many that takes too long.
const MOST_FOR_DBSCAN: usize = 100_000;
/// Stability is measured with resamples of at most so many shoppers.
const RESAMPLED: usize = 5_000;
/// The same for Gaussian mixtures, which take longer to fit.
const RESAMPLED_FOR_MIXTURES: usize = 1_000;

/// Clusters and how good they are.
#[derive(Clone, Debug)]
pub struct Clustering {
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
pub fn cluster(rows: &Array2<f64>, parameters: &Parameters) -> Result<Clustering, String> {
    let points = Points::of_rows(rows.view());
    match (parameters.algorithm, parameters.clusters) {
        (Algorithm::Dbscan, _) => by_density(rows, &points, parameters),
        (_, ClusterCount::Exactly(clusters)) => given(&points, clusters as usize, parameters),
        (_, ClusterCount::Auto) => best(&points, parameters),
    }
}

/// A division of all points.
struct Partition {
    labels: Vec<u32>,
    clusters: usize,
    iterations: u32,
    converged: bool,
    mixture: Vec<MixtureComponent>,
    note: Option<String>,
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
    let mut quality = qualities(points, std::slice::from_ref(&partition), parameters.seed).swap_remove(0);
    quality.stability = Some(stable(points, &partition, parameters));
    Ok(finished(points, partition, quality, vec![], parameters.algorithm))
}

fn best(points: &Points, parameters: &Parameters) -> Result<Clustering, String> {
    let most = MOST.min(points.count() / LEAST_MEAN_SIZE).min(points.distinct(MOST));
    // A mixture whose components do not all win points is no candidate of its own.
    let tried = |clusters| partition(points, clusters, parameters).filter(|found| found.clusters == clusters);
    let mut partitions: Vec<Partition> = (2..=most).filter_map(tried).collect();
    if partitions.is_empty() {
        return Err("The shoppers are too few or too alike to be divided into segments.".to_owned());
    }
    let mut qualities = qualities(points, &partitions, parameters.seed);
    for (quality, partition) in qualities.iter_mut().zip(&partitions) {
        quality.stability = Some(stable(points, partition, parameters));
    }
    let evidence: Vec<Evidence> = qualities.into_iter().zip(&partitions).map(evidence).collect();
    let candidates = choose(&evidence, points.count() as u64);
    let place = candidates.iter().position(|candidate| candidate.chosen).unwrap_or_default();
    let chosen = partitions.swap_remove(place);
    let quality = candidates[place].quality.clone();
    Ok(finished(points, chosen, quality, candidates, parameters.algorithm))
}

fn evidence((quality, partition): (Quality, &Partition)) -> Evidence {
    let smallest = sizes(&partition.labels, partition.clusters).into_iter().min().unwrap_or_default();
    Evidence { clusters: partition.clusters as u32, quality, smallest }
}

fn sizes(labels: &[u32], clusters: usize) -> Vec<u64> {
    let mut sizes = vec![0; clusters];
    labels.iter().for_each(|label| sizes[*label as usize] += 1);
    sizes
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

fn partition(points: &Points, clusters: usize, parameters: &Parameters) -> Option<Partition> {
    if parameters.algorithm == Algorithm::GaussianMixture {
        return mixed(points, clusters, parameters.seed);
    }
    let fit = kmeans::fit(points, clusters, parameters.seed);
    let (iterations, converged) = (fit.iterations, fit.converged);
    Some(Partition { labels: fit.labels, clusters, iterations, converged, mixture: vec![], note: None })
}

fn mixed(points: &Points, clusters: usize, seed: u64) -> Option<Partition> {
    let mixture = mixture::fit(points, clusters, mixture::REST, seed)?;
    let (labels, places) = without_gaps(mixture.assign(points), clusters);
    let likelihood = decimals(mixture.mean_log_likelihood(points), 4);
    let sampled = match points.count() > mixture::SAMPLE {
        true => format!(", fitted to a random sample of {}", counted(mixture::SAMPLE as u64, "shopper")),
        false => String::new(),
    };
    let note = format!("The mixture of {clusters} has a mean log-likelihood of {likelihood} per shopper{sampled}.");
    // A component that is nobody's most probable one is no segment.
    let mut components = mixture.stored();
    components.retain(|component| places[component.segment as usize].is_some());
    components.iter_mut().for_each(|component| component.segment = places[component.segment as usize].unwrap_or(0));
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
    let places: Vec<Option<u32>> = sizes(&labels, clusters).into_iter().map(number).collect();
    labels.iter_mut().for_each(|label| *label = places[*label as usize].unwrap_or(0));
    (labels, places)
}

/// All measures but the stability.
fn qualities(points: &Points, partitions: &[Partition], seed: u64) -> Vec<Quality> {
    let all: Vec<&[u32]> = partitions.iter().map(|partition| &*partition.labels).collect();
    let mut random = random::generator(seed, Purpose::Silhouette, 0, 0);
    let silhouettes = match random::sample(points.count(), SILHOUETTE_SAMPLE, &mut random) {
        None => validity::silhouettes(points, &all),
        Some(places) => {
            let pick = |labels: &&[u32]| -> Vec<u32> { places.iter().map(|place| labels[*place]).collect() };
            let sampled: Vec<Vec<u32>> = all.iter().map(pick).collect();
            let sampled: Vec<&[u32]> = sampled.iter().map(Vec::as_slice).collect();
            validity::silhouettes(&points.gather(&places), &sampled)
        }
    };
    let measured = partitions.iter().zip(silhouettes);
    measured.map(|(partition, silhouette)| measure(points, partition, silhouette)).collect()
}

fn measure(points: &Points, partition: &Partition, silhouette: Option<f64>) -> Quality {
    let labels = &partition.labels;
    let (centroids, _) = points.means(labels, partition.clusters);
    Quality {
        silhouette,
        davies_bouldin: validity::davies_bouldin(points, labels, &centroids),
        calinski_harabasz: validity::calinski_harabasz(points, labels, &centroids),
        stability: None,
        inertia: Some(validity::inertia(points, labels, &centroids)),
    }
}

fn stable(points: &Points, partition: &Partition, parameters: &Parameters) -> f64 {
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

fn resampled(algorithm: Algorithm) -> usize {
    if algorithm == Algorithm::GaussianMixture { RESAMPLED_FOR_MIXTURES } else { RESAMPLED }
}

fn by_density(rows: &Array2<f64>, points: &Points, parameters: &Parameters) -> Result<Clustering, String> {
    if points.count() > MOST_FOR_DBSCAN {
        let most = counted(MOST_FOR_DBSCAN as u64, "shopper");
        return Err(format!("DBSCAN is limited to {most}, as it visits all neighbours of each. Use k-means."));
    }
    let epsilon = parameters.epsilon.unwrap_or_default();
    let labels = dbscan::cluster(rows, epsilon, parameters.min_points.unwrap_or_default() as usize)
        .ok_or("DBSCAN needs an epsilon above 0 and min_points of at least 2.")?;
    let places: Vec<usize> = (0..labels.len()).filter(|place| labels[*place].is_some()).collect();
    let dense: Vec<u32> = labels.iter().copied().flatten().collect();
    let Some(last) = dense.iter().max() else {
        return Err("No neighbourhood is dense enough for a segment. Try a greater epsilon or fewer min_points.".into());
    };
    let points = points.gather(&places);
    let clusters = *last as usize + 1;
    let partition = Partition { clusters, labels: dense, iterations: 1, converged: true, mixture: vec![], note: None };
    let quality = qualities(&points, std::slice::from_ref(&partition), parameters.seed).swap_remove(0);
    let mut found = finished(&points, partition, quality, vec![], parameters.algorithm);
    if places.len() < labels.len() {
        let noise = counted((labels.len() - places.len()) as u64, "shopper");
        found
            .notes
            .push(format!("{noise} in no dense neighbourhood are in no segment; quality is measured without them."));
    }
    Ok(Clustering { labels, ..found })
}
