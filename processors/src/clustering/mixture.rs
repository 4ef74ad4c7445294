//! A Gaussian mixture with full covariances: expectation-maximisation (Dempster, Laird and Rubin 1977) from a k-means
//! partition, on all cores, with the rules of scikit-learn: a small number on the diagonals keeps covariances invertible,
//! and the mean log-likelihood decides when to stop.
//!
//! Like k-means it is the same on any number of threads: chunks of a fixed size, put together in their order.

pub(crate) mod gaussian;
mod statistics;

use rayon::prelude::*;

use super::kmeans;
use super::points::{LANES, Points};
use super::random::{self, Purpose};
use gaussian::{Density, Gaussian};
use statistics::{MIN_VARIANCE, SufficientStatistics};

/// Expectation-maximisation rests when the mean log-likelihood gains less than this.
pub(crate) const REST: f64 = 1e-6;
/// The same where a result is only compared.
pub const NEARLY_REST: f64 = 1e-3;
const MAX_ITERATIONS: u32 = 1_000;
/// More points than this are represented by a sample when the mixture is fitted.
pub(crate) const SAMPLE: usize = 20_000;
/// Blocks of points per parallel chunk.
const CHUNK: usize = 64;
/// Starts of k-means where a result is only compared.
const FEW_STARTS: u64 = 3;

/// A fitted mixture.
pub struct Mixture {
    components: Vec<Density>,
    /// Iterations until it rested.
    pub iterations: u32,
    /// Whether it rested before the limit.
    pub converged: bool,
}

/// Fits a mixture of `components` to the points. None when a covariance collapses.
pub fn fit(points: &Points, components: usize, tolerance: f64, seed: u64) -> Option<Mixture> {
    let sample = random::sample(points.count(), SAMPLE, &mut random::generator(seed, Purpose::Mixture, 0, 1));
    let sample = sample.map(|indices| points.gather(&indices));
    let points = sample.as_ref().unwrap_or(points);
    let start = match tolerance <= REST {
        true => kmeans::fit(points, components, seed),
        false => kmeans::starts(points, components, FEW_STARTS, seed).swap_remove(0),
    };
    climb(points, &start.labels, components, tolerance)
}

/// Expectation-maximisation from a partition.
fn climb(points: &Points, labels: &[u32], components: usize, tolerance: f64) -> Option<Mixture> {
    let mut mixture =
        Mixture { components: of_partition(points, labels, components)?, iterations: 0, converged: false };
    let mut before = f64::NEG_INFINITY;
    while mixture.iterations < MAX_ITERATIONS && !mixture.converged {
        mixture.iterations += 1;
        let sums = mixture.expect(points);
        let likelihood = sums.log_likelihood / points.count() as f64;
        mixture.converged = (likelihood - before).abs() < tolerance;
        before = likelihood;
        if !mixture.converged {
            mixture.components = sums.components(&mixture.components, points)?;
        }
    }
    Some(mixture)
}

fn of_partition(points: &Points, labels: &[u32], components: usize) -> Option<Vec<Density>> {
    let dims = points.dims();
    let (means, counts) = points.means(labels, components);
    let mut covariances = vec![0.0; components * dims * dims];
    for (index, label) in labels.iter().enumerate() {
        let cluster = *label as usize;
        let apart: Vec<f64> = (0..dims).map(|dim| points.at(index, dim) - means[cluster * dims + dim]).collect();
        let covariance = &mut covariances[cluster * dims * dims..][..dims * dims];
        for (row, a) in apart.iter().enumerate() {
            apart.iter().enumerate().for_each(|(column, b)| covariance[row * dims + column] += a * b);
        }
    }
    let component = |cluster: usize| {
        let count = counts[cluster].max(1) as f64;
        let mut covariance: Vec<f64> =
            covariances[cluster * dims * dims..][..dims * dims].iter().map(|sum| sum / count).collect();
        (0..dims).for_each(|dim| covariance[dim * dims + dim] += MIN_VARIANCE);
        let mean = means[cluster * dims..][..dims].to_vec();
        Density::new(Gaussian { weight: count / points.count() as f64, mean, covariance })
    };
    (0..components).map(component).collect()
}

impl Mixture {
    /// The most probable component of each point.
    pub(crate) fn assign(&self, points: &Points) -> Vec<u32> {
        let blocks = points.lanes().par_chunks_exact(points.dims());
        let labels: Vec<[u32; LANES]> = blocks.map(|block| self.most_probable(block)).collect();
        labels.into_iter().flatten().take(points.count()).collect()
    }

    /// The mean over all points of the logarithm of their density.
    pub fn mean_log_likelihood(&self, points: &Points) -> f64 {
        self.expect(points).log_likelihood / points.count() as f64
    }

    /// The components, in the order of their labels.
    pub(crate) fn gaussians(&self) -> impl Iterator<Item = Gaussian> {
        self.components.iter().map(|component| component.gaussian.clone())
    }

    fn most_probable(&self, block: &[[f64; LANES]]) -> [u32; LANES] {
        let (mut best, mut labels) = ([f64::NEG_INFINITY; LANES], [0; LANES]);
        for (index, component) in (0..).zip(&self.components) {
            let densities = component.log_densities(block);
            for lane in 0..LANES {
                if densities[lane] > best[lane] {
                    (best[lane], labels[lane]) = (densities[lane], index);
                }
            }
        }
        labels
    }

    fn expect(&self, points: &Points) -> SufficientStatistics {
        let dims = points.dims();
        let chunks = points.lanes().par_chunks(CHUNK * dims).enumerate();
        let sums: Vec<SufficientStatistics> = chunks
            .map(|(chunk, lanes)| {
                let mut sums = SufficientStatistics::zero(self.components.len(), dims);
                for (index, block) in lanes.chunks_exact(dims).enumerate() {
                    let start = (chunk * CHUNK + index) * LANES;
                    self.expect_block(block, LANES.min(points.count() - start), &mut sums);
                }
                sums
            })
            .collect();
        let zero = SufficientStatistics::zero(self.components.len(), dims);
        sums.iter().fold(zero, SufficientStatistics::merge)
    }

    fn expect_block(&self, block: &[[f64; LANES]], filled: usize, sums: &mut SufficientStatistics) {
        let dims = block.len();
        let mut densities: Vec<[f64; LANES]> =
            self.components.iter().map(|component| component.log_densities(block)).collect();
        for lane in 0..LANES {
            let most = densities.iter().map(|density| density[lane]).fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = densities.iter().map(|density| (density[lane] - most).exp()).sum();
            let log_total = most + total.ln();
            let is_filled = lane < filled;
            sums.log_likelihood += if is_filled { log_total } else { 0.0 };
            for density in &mut densities {
                density[lane] = if is_filled { (density[lane] - log_total).exp() } else { 0.0 };
            }
        }
        for (index, (component, probabilities)) in self.components.iter().zip(&densities).enumerate() {
            sums.weights[index] += probabilities.iter().sum::<f64>();
            for row in 0..dims {
                let weighted: [f64; LANES] =
                    std::array::from_fn(|lane| probabilities[lane] * (block[row][lane] - component.gaussian.mean[row]));
                sums.shifts[index * dims + row] += weighted.iter().sum::<f64>();
                for (column, coordinates) in block.iter().enumerate().take(row + 1) {
                    let product: f64 = (0..LANES)
                        .map(|lane| weighted[lane] * (coordinates[lane] - component.gaussian.mean[column]))
                        .sum();
                    sums.products[(index * dims + row) * dims + column] += product;
                    if column < row {
                        sums.products[(index * dims + column) * dims + row] += product;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
