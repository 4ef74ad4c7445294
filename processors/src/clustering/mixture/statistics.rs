//! What expectation-maximisation adds up over the points, and the components that follow from it.

use super::gaussian::{Density, Gaussian};
use crate::clustering::points::Points;

/// Added to variances, so that a component of equal points is no spike without width.
pub(crate) const MIN_VARIANCE: f64 = 1e-6;

/// What one pass over the points adds up: for each component the sum of probabilities, of distances from its mean, and of
/// their products.
#[derive(Clone)]
pub(crate) struct SufficientStatistics {
    pub weights: Vec<f64>,
    pub shifts: Vec<f64>,
    pub products: Vec<f64>,
    /// The sum of the logarithms of the density.
    pub log_likelihood: f64,
}

impl SufficientStatistics {
    pub(crate) fn zero(components: usize, dims: usize) -> Self {
        Self {
            weights: vec![0.0; components],
            shifts: vec![0.0; components * dims],
            products: vec![0.0; components * dims * dims],
            log_likelihood: 0.0,
        }
    }

    /// The sums of two passes.
    pub(crate) fn merge(mut self, other: &Self) -> Self {
        let add = |sums: &mut [f64], others: &[f64]| sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
        add(&mut self.weights, &other.weights);
        add(&mut self.shifts, &other.shifts);
        add(&mut self.products, &other.products);
        self.log_likelihood += other.log_likelihood;
        self
    }

    /// The components that fit the probabilities best.
    pub(crate) fn components(&self, old: &[Density], points: &Points) -> Option<Vec<Density>> {
        let dims = points.dims();
        let component = |(index, old): (usize, &Density)| {
            // Ten times the precision, so that a component without points stays where it is.
            let count = self.weights[index] + 10.0 * f64::EPSILON;
            let shift: Vec<f64> = self.shifts[index * dims..][..dims].iter().map(|sum| sum / count).collect();
            let mut covariance: Vec<f64> =
                self.products[index * dims * dims..][..dims * dims].iter().map(|sum| sum / count).collect();
            for row in 0..dims {
                (0..dims).for_each(|column| covariance[row * dims + column] -= shift[row] * shift[column]);
                covariance[row * dims + row] += MIN_VARIANCE;
            }
            let mean = old.gaussian.mean.iter().zip(&shift).map(|(mean, shift)| mean + shift).collect();
            Density::new(Gaussian { weight: count / points.count() as f64, mean, covariance })
        };
        old.iter().enumerate().map(component).collect()
    }
}
