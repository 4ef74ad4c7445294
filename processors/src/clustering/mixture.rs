//! A Gaussian mixture with full covariances: expectation-maximisation (Dempster, Laird and Rubin 1977) from a k-means
//! partition, on all cores, with the rules of scikit-learn: a small number on the diagonals keeps covariances invertible,
//! and the mean log-likelihood decides when to stop.
//!
//! Like k-means it is the same on any number of threads: chunks of a fixed size, put together in their order.

use domain::report::MixtureComponent as Stored;
use rayon::prelude::*;

use super::kmeans;
use super::points::{LANES, Points};
use super::random::{self, Purpose};

/// Expectation-maximisation rests when the mean log-likelihood gains less than this.
pub const REST: f64 = 1e-6;
/// The same where a result is only compared.
pub const NEARLY_REST: f64 = 1e-3;
const MAX_ITERATIONS: u32 = 1_000;
/// More points than this are represented by a sample when the mixture is fitted.
pub const SAMPLE: usize = 20_000;
/// Added to variances, so that a component of equal points is no spike without width.
const LEAST_VARIANCE: f64 = 1e-6;
/// Blocks of points per parallel chunk.
const CHUNK: usize = 64;
/// Starts of k-means where a result is only compared.
const FEW_STARTS: u64 = 3;

/// A fitted mixture.
pub struct Mixture {
    components: Vec<Component>,
    /// Iterations until it rested.
    pub iterations: u32,
    /// Whether it rested before the limit.
    pub converged: bool,
}

struct Component {
    weight: f64,
    mean: Vec<f64>,
    covariance: Vec<f64>,
    /// The inverse of the lower Cholesky factor, row after row.
    inverse: Vec<f64>,
    /// The logarithm of weight and of what the density has before its exponential.
    log_scale: f64,
}

/// Fits a mixture of `components` to the points. None when a covariance collapses.
pub fn fit(points: &Points, components: usize, tolerance: f64, seed: u64) -> Option<Mixture> {
    let sample = random::sample(points.count(), SAMPLE, &mut random::generator(seed, Purpose::Mixture, 0, 1));
    let sample = sample.map(|places| points.gather(&places));
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

fn of_partition(points: &Points, labels: &[u32], components: usize) -> Option<Vec<Component>> {
    let dims = points.dims();
    let (means, counts) = points.means(labels, components);
    let mut covariances = vec![0.0; components * dims * dims];
    for (place, label) in labels.iter().enumerate() {
        let cluster = *label as usize;
        let apart: Vec<f64> = (0..dims).map(|dim| points.at(place, dim) - means[cluster * dims + dim]).collect();
        let covariance = &mut covariances[cluster * dims * dims..][..dims * dims];
        for (row, one) in apart.iter().enumerate() {
            apart.iter().enumerate().for_each(|(column, other)| covariance[row * dims + column] += one * other);
        }
    }
    let component = |cluster: usize| {
        let count = counts[cluster].max(1) as f64;
        let mut covariance: Vec<f64> =
            covariances[cluster * dims * dims..][..dims * dims].iter().map(|sum| sum / count).collect();
        (0..dims).for_each(|dim| covariance[dim * dims + dim] += LEAST_VARIANCE);
        Component::new(count / points.count() as f64, means[cluster * dims..][..dims].to_vec(), covariance)
    };
    (0..components).map(component).collect()
}

impl Component {
    /// None when the covariance is not positive definite.
    fn new(weight: f64, mean: Vec<f64>, covariance: Vec<f64>) -> Option<Self> {
        let dims = mean.len();
        let factor = cholesky(&covariance, dims)?;
        let log_determinant: f64 = (0..dims).map(|dim| factor[dim * dims + dim].ln()).sum();
        let log_scale = weight.ln() - 0.5 * dims as f64 * std::f64::consts::TAU.ln() - log_determinant;
        Some(Self { weight, inverse: lower_inverse(&factor, dims), mean, covariance, log_scale })
    }

    /// The logarithms of weight times density at the points of a block.
    fn log_densities(&self, block: &[[f64; LANES]]) -> [f64; LANES] {
        let dims = block.len();
        let mut squares = [0.0; LANES];
        for row in 0..dims {
            let mut solved = [0.0; LANES];
            for (column, coordinates) in block.iter().enumerate().take(row + 1) {
                let (factor, mean) = (self.inverse[row * dims + column], self.mean[column]);
                (0..LANES).for_each(|lane| solved[lane] += factor * (coordinates[lane] - mean));
            }
            (0..LANES).for_each(|lane| squares[lane] += solved[lane] * solved[lane]);
        }
        squares.map(|square| self.log_scale - 0.5 * square)
    }
}

/// What one pass over the points adds up: for each component the sum of probabilities, of distances from its mean, and of
/// their products.
#[derive(Clone)]
struct Sums {
    weights: Vec<f64>,
    shifts: Vec<f64>,
    products: Vec<f64>,
    log_likelihood: f64,
}

impl Sums {
    fn zero(components: usize, dims: usize) -> Self {
        Self {
            weights: vec![0.0; components],
            shifts: vec![0.0; components * dims],
            products: vec![0.0; components * dims * dims],
            log_likelihood: 0.0,
        }
    }

    fn merge(mut self, other: &Self) -> Self {
        let add = |sums: &mut [f64], others: &[f64]| sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
        add(&mut self.weights, &other.weights);
        add(&mut self.shifts, &other.shifts);
        add(&mut self.products, &other.products);
        self.log_likelihood += other.log_likelihood;
        self
    }

    /// The components that fit the probabilities best.
    fn components(&self, old: &[Component], points: &Points) -> Option<Vec<Component>> {
        let dims = points.dims();
        let component = |(index, old): (usize, &Component)| {
            // Ten times the precision, so that a component without points stays where it is.
            let count = self.weights[index] + 10.0 * f64::EPSILON;
            let shift: Vec<f64> = self.shifts[index * dims..][..dims].iter().map(|sum| sum / count).collect();
            let mut covariance: Vec<f64> =
                self.products[index * dims * dims..][..dims * dims].iter().map(|sum| sum / count).collect();
            for row in 0..dims {
                (0..dims).for_each(|column| covariance[row * dims + column] -= shift[row] * shift[column]);
                covariance[row * dims + row] += LEAST_VARIANCE;
            }
            let mean = old.mean.iter().zip(&shift).map(|(mean, shift)| mean + shift).collect();
            Component::new(count / points.count() as f64, mean, covariance)
        };
        old.iter().enumerate().map(component).collect()
    }
}

impl Mixture {
    /// The most probable component of each point.
    pub fn assign(&self, points: &Points) -> Vec<u32> {
        let blocks = points.lanes().par_chunks_exact(points.dims());
        let labels: Vec<[u32; LANES]> = blocks.map(|block| self.most_probable(block)).collect();
        labels.into_iter().flatten().take(points.count()).collect()
    }

    /// The mean over all points of the logarithm of their density.
    pub fn mean_log_likelihood(&self, points: &Points) -> f64 {
        self.expect(points).log_likelihood / points.count() as f64
    }

    /// The components in a form that can be stored; `segment` is their place.
    pub fn stored(&self) -> Vec<Stored> {
        let stored = |(segment, component): (u32, &Component)| Stored {
            segment,
            weight: component.weight,
            mean: component.mean.clone(),
            covariance: component.covariance.clone(),
        };
        (0..).zip(&self.components).map(stored).collect()
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

    fn expect(&self, points: &Points) -> Sums {
        let dims = points.dims();
        let chunks = points.lanes().par_chunks(CHUNK * dims).enumerate();
        let sums: Vec<Sums> = chunks
            .map(|(chunk, lanes)| {
                let mut sums = Sums::zero(self.components.len(), dims);
                for (index, block) in lanes.chunks_exact(dims).enumerate() {
                    let start = (chunk * CHUNK + index) * LANES;
                    self.expect_block(block, LANES.min(points.count() - start), &mut sums);
                }
                sums
            })
            .collect();
        let zero = Sums::zero(self.components.len(), dims);
        sums.iter().fold(zero, Sums::merge)
    }

    fn expect_block(&self, block: &[[f64; LANES]], filled: usize, sums: &mut Sums) {
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
                    std::array::from_fn(|lane| probabilities[lane] * (block[row][lane] - component.mean[row]));
                sums.shifts[index * dims + row] += weighted.iter().sum::<f64>();
                for (column, coordinates) in block.iter().enumerate().take(row + 1) {
                    let product: f64 =
                        (0..LANES).map(|lane| weighted[lane] * (coordinates[lane] - component.mean[column])).sum();
                    sums.products[(index * dims + row) * dims + column] += product;
                    if column < row {
                        sums.products[(index * dims + column) * dims + row] += product;
                    }
                }
            }
        }
    }
}

/// The place of the most probable of stored components for a point.
pub fn most_probable(components: &[Stored], point: &[f64]) -> Option<u32> {
    let density = |stored: &Stored| {
        let component = Component::new(stored.weight, stored.mean.clone(), stored.covariance.clone())?;
        let block: Vec<[f64; LANES]> = point.iter().map(|value| [*value; LANES]).collect();
        Some((component.log_densities(&block)[0], stored.segment))
    };
    let densities = components.iter().filter_map(density);
    densities.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, segment)| segment)
}

/// The lower Cholesky factor; None when the matrix is not positive definite.
fn cholesky(matrix: &[f64], dims: usize) -> Option<Vec<f64>> {
    let mut factor = vec![0.0; dims * dims];
    for row in 0..dims {
        for column in 0..=row {
            let before: f64 = (0..column).map(|inner| factor[row * dims + inner] * factor[column * dims + inner]).sum();
            let rest: f64 = matrix[row * dims + column] - before;
            factor[row * dims + column] = match row == column {
                true if rest > 0.0 => rest.sqrt(),
                true => return None,
                false => rest / factor[column * dims + column],
            };
        }
    }
    Some(factor)
}

/// The inverse of a lower triangular matrix.
fn lower_inverse(factor: &[f64], dims: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; dims * dims];
    for column in 0..dims {
        for row in column..dims {
            let unit = f64::from(u8::from(row == column));
            let before: f64 =
                (column..row).map(|inner| factor[row * dims + inner] * inverse[inner * dims + column]).sum();
            inverse[row * dims + column] = (unit - before) / factor[row * dims + row];
        }
    }
    inverse
}

#[cfg(test)]
mod tests;
