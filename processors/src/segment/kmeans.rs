//! k-means: Lloyd's iterations (1982) from greedy k-means++ starts (Arthur and Vassilvitskii 2007), on all cores.
//!
//! The result does not depend on the number of threads: rows are cut into chunks of a fixed size, and what the chunks
//! add up is put together in their order.

use rand::Rng;
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use super::points::{LANES, Points, block_distances, vectorised};
use super::random::{self, Purpose};

/// Starts from which the best result is kept.
const STARTS: u64 = 24;
/// Beyond this many points the starts are compared on a sample.
const START_SAMPLE: usize = 10_000;
/// How many of the best starts go on until they rest.
const FINALISTS: usize = 8;
/// How many of the best starts on a sample go on with all points.
const FINALISTS_OF_SAMPLE: usize = 2;
const MAX_ITERATIONS: u32 = 300;
/// Centroids rest when the squares of their moves add up to less than this share of the mean variance of the features.
const REST: f64 = 1e-8;
/// The same for starts that are only compared.
const NEARLY_REST: f64 = 1e-5;
/// Blocks of points per parallel chunk.
const CHUNK: usize = 128;

/// A result of k-means.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// One centroid after the other.
    pub centroids: Vec<f64>,
    /// The cluster of each point.
    pub labels: Vec<u32>,
    /// Sum of the squared distances of the points to their centroids.
    pub inertia: f64,
    /// Iterations of the start that won.
    pub iterations: u32,
    /// Whether it came to rest before the limit.
    pub converged: bool,
}

/// The best of many starts.
pub fn fit(points: &Points, clusters: usize, seed: u64) -> Fit {
    let sample = random::sample(points.count(), START_SAMPLE, &mut random::generator(seed, Purpose::StartSample, 0, 0));
    let sample = sample.map(|places| points.gather(&places));
    let mut starts = starts(sample.as_ref().unwrap_or(points), clusters, STARTS, seed);
    starts.truncate(if sample.is_some() { FINALISTS_OF_SAMPLE } else { FINALISTS });
    let fits = starts.into_par_iter().map(|start| {
        let fit = lloyd(points, start.centroids, REST, MAX_ITERATIONS);
        // Without a sample the iterations are those of one and the same run.
        let before = if sample.is_none() { start.iterations } else { 0 };
        Fit { iterations: before + fit.iterations, ..fit }
    });
    by_inertia(fits.collect()).swap_remove(0)
}

/// The results of several starts that nearly rest, best first.
pub fn starts(points: &Points, clusters: usize, count: u64, seed: u64) -> Vec<Fit> {
    let fits = (0..count).into_par_iter().map(|start| {
        let mut random = random::generator(seed, Purpose::Start, clusters as u64, start);
        lloyd(points, plus_plus(points, clusters, &mut random), NEARLY_REST, MAX_ITERATIONS)
    });
    by_inertia(fits.collect())
}

fn by_inertia(mut fits: Vec<Fit>) -> Vec<Fit> {
    fits.sort_by(|one, other| one.inertia.total_cmp(&other.inertia));
    fits
}

/// Lloyd's iterations from given centroids until they move, by the sum of squares, less than a share of the mean variance,
/// and no more than `limit`.
pub fn lloyd(points: &Points, mut centroids: Vec<f64>, tolerance: f64, limit: u32) -> Fit {
    let clusters = centroids.len() / points.dims();
    let rest = tolerance * mean_variance(points);
    let mut labels = vec![u32::MAX; points.count()];
    let mut iterations = 0;
    let mut converged = false;
    while iterations < limit && !converged {
        iterations += 1;
        let step = assign_into(points, &centroids, &mut labels);
        let moved = step.means(points, clusters, &centroids);
        let shift: f64 = moved.iter().zip(&centroids).map(|(new, old)| (new - old).powi(2)).sum();
        centroids = moved;
        converged = !step.changed || shift <= rest;
    }
    let inertia = assign_into(points, &centroids, &mut labels).inertia;
    Fit { centroids, labels, inertia, iterations, converged }
}

/// The nearest centroid of each point; the first of equally near ones.
pub fn assign(points: &Points, centroids: &[f64]) -> Vec<u32> {
    let mut labels = vec![u32::MAX; points.count()];
    assign_into(points, centroids, &mut labels);
    labels
}

/// What one pass over the points adds up.
#[derive(Default)]
struct Step {
    sums: Vec<f64>,
    counts: Vec<u64>,
    inertia: f64,
    changed: bool,
}

impl Step {
    fn merge(mut self, other: &Self) -> Self {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, value)| *sum += value);
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, value)| *count += value);
        self.inertia += other.inertia;
        self.changed |= other.changed;
        self
    }

    /// The means of the clusters. An empty cluster takes a point that is farthest from its centroid.
    fn means(&self, points: &Points, clusters: usize, old: &[f64]) -> Vec<f64> {
        let dims = points.dims();
        let mut means = self.sums.clone();
        for (mean, count) in means.chunks_exact_mut(dims).zip(&self.counts) {
            mean.iter_mut().for_each(|value| *value /= (*count).max(1) as f64);
        }
        let empty: Vec<usize> = (0..clusters).filter(|cluster| self.counts[*cluster] == 0).collect();
        if !empty.is_empty() {
            for (cluster, place) in empty.iter().zip(farthest(points, old)) {
                means[cluster * dims..][..dims].copy_from_slice(&points.point(place));
            }
        }
        means
    }
}

/// The points by falling distance to their nearest centroid.
fn farthest(points: &Points, centroids: &[f64]) -> Vec<usize> {
    let labels = assign(points, centroids);
    let distance = |place: &usize| {
        points.squared_distance(*place, &centroids[labels[*place] as usize * points.dims()..][..points.dims()])
    };
    let mut places: Vec<usize> = (0..points.count()).collect();
    places.sort_by(|one, other| distance(other).total_cmp(&distance(one)));
    places
}

fn assign_into(points: &Points, centroids: &[f64], labels: &mut [u32]) -> Step {
    let blocks = points.lanes().par_chunks(CHUNK * points.dims());
    let steps: Vec<Step> = blocks
        .zip(labels.par_chunks_mut(CHUNK * LANES))
        .map(|(lanes, labels)| {
            vectorised(
                #[inline(always)]
                || assign_chunk(lanes, points.dims(), centroids, labels),
            )
        })
        .collect();
    let mut steps = steps.into_iter();
    let first = steps.next().unwrap_or_default();
    steps.fold(first, |sum, step| sum.merge(&step))
}

#[inline(always)]
fn assign_chunk(lanes: &[[f64; LANES]], dims: usize, centroids: &[f64], labels: &mut [u32]) -> Step {
    let mut step = Step {
        sums: vec![0.0; centroids.len()],
        counts: vec![0; centroids.len() / dims],
        inertia: 0.0,
        changed: false,
    };
    for (block, labels) in lanes.chunks_exact(dims).zip(labels.chunks_mut(LANES)) {
        let (nearest, squares) = nearest(block, centroids);
        for (lane, label) in labels.iter_mut().enumerate() {
            let cluster = nearest[lane] as usize;
            step.changed |= *label != cluster as u32;
            *label = cluster as u32;
            step.counts[cluster] += 1;
            step.inertia += squares[lane];
            for (sum, coordinates) in step.sums[cluster * dims..][..dims].iter_mut().zip(block) {
                *sum += coordinates[lane];
            }
        }
    }
    step
}

/// The nearest centroid of each point of a block, and its squared distance.
#[inline(always)]
fn nearest(block: &[[f64; LANES]], centroids: &[f64]) -> ([u64; LANES], [f64; LANES]) {
    let mut labels = [0; LANES];
    let mut least = [f64::INFINITY; LANES];
    for (cluster, centroid) in centroids.chunks_exact(block.len()).enumerate() {
        let squares = block_distances(block, centroid);
        for lane in 0..LANES {
            let nearer = squares[lane] < least[lane];
            labels[lane] = if nearer { cluster as u64 } else { labels[lane] };
            least[lane] = if nearer { squares[lane] } else { least[lane] };
        }
    }
    (labels, least)
}

/// Greedy k-means++: each next centroid is the best of a few points drawn with probability by squared distance.
fn plus_plus(points: &Points, clusters: usize, random: &mut Xoshiro256Plus) -> Vec<f64> {
    let trials = 2 + (clusters as f64).ln() as usize;
    let mut centroids = points.point(random.gen_range(0..points.count()));
    let mut least = points.distance_buffer();
    points.squared_distances(&centroids, &mut least);
    let mut squares = points.distance_buffer();
    for _ in 1..clusters {
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..trials {
            let place = draw(&least[..points.count()], random);
            let candidate = points.point(place);
            vectorised(
                #[inline(always)]
                || points.squared_distances(&candidate, &mut squares),
            );
            squares.iter_mut().zip(&least).for_each(|(square, least)| *square = square.min(*least));
            let potential: f64 = squares[..points.count()].iter().sum();
            if best.as_ref().is_none_or(|(least, ..)| potential < *least) {
                best = Some((potential, place, squares.clone()));
            }
        }
        let Some((_, place, left)) = best else { break };
        centroids.extend(points.point(place));
        least = left;
    }
    centroids
}

/// A place drawn with probability by weight; any place when all weights are zero.
fn draw(weights: &[f64], random: &mut Xoshiro256Plus) -> usize {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return random.gen_range(0..weights.len());
    }
    let mut left = random.r#gen::<f64>() * total;
    for (place, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return place;
        }
    }
    weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0)
}

fn mean_variance(points: &Points) -> f64 {
    points.spread() / points.dims() as f64
}

#[cfg(test)]
mod tests;
