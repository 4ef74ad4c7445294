//! k-means: Lloyd's iterations (1982) from greedy k-means++ starts (Arthur and Vassilvitskii 2007), on all cores.
//!
//! The result does not depend on the number of threads: rows are cut into chunks of a fixed size, and what the chunks
//! add up is put together in their order.

mod assignment;
mod nearest;

use assignment::ClusterAssignment;
use nearest::assign_with_inertia;
use rand::Rng;
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use super::points::{Points, squared_distance, vectorised};
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
pub(crate) fn fit(points: &Points, clusters: usize, seed: u64) -> Fit {
    let sample = random::sample(points.count(), START_SAMPLE, &mut random::generator(seed, Purpose::StartSample, 0, 0));
    let sample = sample.map(|indices| points.gather(&indices));
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
pub(crate) fn starts(points: &Points, clusters: usize, count: u64, seed: u64) -> Vec<Fit> {
    let fits = (0..count).into_par_iter().map(|start| {
        let mut random = random::generator(seed, Purpose::Start, clusters as u64, start);
        lloyd(points, plus_plus(points, clusters, &mut random), NEARLY_REST, MAX_ITERATIONS)
    });
    by_inertia(fits.collect())
}

fn by_inertia(mut fits: Vec<Fit>) -> Vec<Fit> {
    fits.sort_by(|a, b| a.inertia.total_cmp(&b.inertia));
    fits
}

/// Lloyd's iterations from given centroids until they move, by the sum of squares, less than a share of the mean variance,
/// and no more than `limit`.
pub fn lloyd(points: &Points, mut centroids: Vec<f64>, tolerance: f64, limit: u32) -> Fit {
    let rest = if tolerance > 0.0 { tolerance * mean_variance(points) } else { 0.0 };
    let mut assignment = ClusterAssignment::none(points, centroids.len() / points.dims());
    let mut iterations = 0;
    let mut converged = false;
    while iterations < limit && !converged {
        iterations += 1;
        let changed = assignment.update(&centroids);
        let mut means = assignment.means();
        refill(points, &mut means, assignment.counts(), &centroids);
        let shift = squared_distance(&means, &centroids);
        assignment.travel(&centroids, &means);
        centroids = means;
        converged = !changed || shift <= rest;
    }
    let (labels, inertia) = assign_with_inertia(points, &centroids);
    Fit { centroids, labels, inertia, iterations, converged }
}

/// The nearest centroid of each point; the first of equally near ones.
pub(crate) fn assign(points: &Points, centroids: &[f64]) -> Vec<u32> {
    assign_with_inertia(points, centroids).0
}

/// Each empty cluster takes one of the points that are farthest from their centroids.
fn refill(points: &Points, means: &mut [f64], counts: &[i64], centroids: &[f64]) {
    let empty: Vec<usize> = (0..counts.len()).filter(|cluster| counts[*cluster] == 0).collect();
    if !empty.is_empty() {
        for (cluster, index) in empty.iter().zip(farthest(points, centroids)) {
            means[cluster * points.dims()..][..points.dims()].copy_from_slice(&points.point(index));
        }
    }
}

/// The points by falling distance to their nearest centroid.
fn farthest(points: &Points, centroids: &[f64]) -> Vec<usize> {
    let labels = assign(points, centroids);
    let distance = |index: &usize| {
        points.squared_distance(*index, &centroids[labels[*index] as usize * points.dims()..][..points.dims()])
    };
    let mut indices: Vec<usize> = (0..points.count()).collect();
    indices.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    indices
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
            let index = draw(&least[..points.count()], random);
            let candidate = points.point(index);
            vectorised(
                #[inline(always)]
                || points.squared_distances(&candidate, &mut squares),
            );
            squares.iter_mut().zip(&least).for_each(|(square, least)| *square = square.min(*least));
            let potential: f64 = squares[..points.count()].iter().sum();
            if best.as_ref().is_none_or(|(least, ..)| potential < *least) {
                best = Some((potential, index, squares.clone()));
            }
        }
        let Some((_, index, left)) = best else { break };
        centroids.extend(points.point(index));
        least = left;
    }
    centroids
}

/// An index drawn with probability by weight; any index when all weights are zero.
fn draw(weights: &[f64], random: &mut Xoshiro256Plus) -> usize {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return random.gen_range(0..weights.len());
    }
    let mut left = random.r#gen::<f64>() * total;
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0)
}

fn mean_variance(points: &Points) -> f64 {
    points.spread() / points.dims() as f64
}

#[cfg(test)]
mod tests;
