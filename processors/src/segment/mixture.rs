//! A Gaussian mixture with full covariances, fitted by linfa; densities are our own because linfa's underflow far out.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::GaussianMixtureModel;
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::points::Points;
use super::random::{self, Purpose};

/// Expectation-maximisation rests when the mean log-likelihood gains less than this.
pub const REST: f64 = 1e-5;
/// The same where a result is only compared.
pub const NEARLY_REST: f64 = 1e-3;
const MAX_ITERATIONS: u64 = 1_000;
/// More points than this are represented by a sample when the mixture is fitted.
pub const SAMPLE: usize = 10_000;

/// A fitted mixture.
pub struct Mixture {
    components: Vec<Component>,
}

struct Component {
    log_weight: f64,
    mean: Vec<f64>,
    /// The lower Cholesky factor of the covariance.
    factor: Array2<f64>,
}

/// Fits a mixture of `components` to the rows. None when it does not come to rest or collapses.
pub fn fit(rows: ArrayView2<'_, f64>, components: usize, tolerance: f64, seed: u64) -> Option<Mixture> {
    let sample = random::sample(rows.nrows(), SAMPLE, &mut random::generator(seed, Purpose::Mixture, 0, 1));
    let rows = sample.map_or_else(|| rows.to_owned(), |places| rows.select(Axis(0), &places));
    let random = random::generator(seed, Purpose::Mixture, components as u64, 0);
    let model = GaussianMixtureModel::params_with_rng(components, random)
        .tolerance(tolerance)
        .max_n_iterations(MAX_ITERATIONS)
        .fit(&DatasetBase::from(rows))
        .ok()?;
    let parts = model.weights().iter().zip(model.means().outer_iter()).zip(model.covariances().outer_iter());
    let component = |((weight, mean), covariance): ((&f64, _), ArrayView2<'_, f64>)| {
        let mean: ndarray::ArrayView1<'_, f64> = mean;
        Some(Component { log_weight: weight.ln(), mean: mean.to_vec(), factor: cholesky(covariance)? })
    };
    Some(Mixture { components: parts.map(component).collect::<Option<_>>()? })
}

impl Mixture {
    /// The most probable component of each point.
    pub fn assign(&self, points: &Points) -> Vec<u32> {
        (0..points.count()).into_par_iter().map(|place| self.most_probable(&points.point(place))).collect()
    }

    /// The mean over all points of the logarithm of their density.
    pub fn mean_log_likelihood(&self, points: &Points) -> f64 {
        let densities: Vec<f64> =
            (0..points.count()).into_par_iter().map(|place| self.log_density(&points.point(place))).collect();
        densities.iter().sum::<f64>() / points.count() as f64
    }

    fn most_probable(&self, point: &[f64]) -> u32 {
        let mut best = (f64::NEG_INFINITY, 0);
        for (index, component) in self.components.iter().enumerate() {
            let density = component.log_density(point);
            if density > best.0 {
                best = (density, index as u32);
            }
        }
        best.1
    }

    fn log_density(&self, point: &[f64]) -> f64 {
        let densities: Vec<f64> = self.components.iter().map(|component| component.log_density(point)).collect();
        let most = densities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most + densities.iter().map(|density| (density - most).exp()).sum::<f64>().ln()
    }
}

impl Component {
    /// The logarithm of weight times density, by forward substitution through the Cholesky factor.
    fn log_density(&self, point: &[f64]) -> f64 {
        let mut solved = Vec::with_capacity(point.len());
        let mut log_density = self.log_weight;
        for (row, coordinate) in point.iter().enumerate() {
            let before: f64 = solved.iter().enumerate().map(|(column, value)| self.factor[[row, column]] * value).sum();
            let value = (coordinate - self.mean[row] - before) / self.factor[[row, row]];
            log_density -= 0.5 * (value * value + std::f64::consts::TAU.ln()) + self.factor[[row, row]].ln();
            solved.push(value);
        }
        log_density
    }
}

/// The lower Cholesky factor; None when the matrix is not positive definite.
fn cholesky(matrix: ArrayView2<'_, f64>) -> Option<Array2<f64>> {
    let mut factor = Array2::zeros(matrix.dim());
    for row in 0..matrix.nrows() {
        for column in 0..=row {
            let before: f64 = (0..column).map(|inner| factor[[row, inner]] * factor[[column, inner]]).sum();
            let rest: f64 = matrix[[row, column]] - before;
            factor[[row, column]] = match row == column {
                true if rest > 0.0 => rest.sqrt(),
                true => return None,
                false => rest / factor[[column, column]],
            };
        }
    }
    Some(factor)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::super::samples::{blobs, labels};
    use super::super::stability::adjusted_rand_index;
    use super::*;

    #[test]
    fn finds_blobs_of_known_labels() {
        let rows = blobs(&[[0.0, 0.0], [8.0, 1.0], [-5.0, 9.0]], 80, 1.0);
        let found = fit(rows.view(), 3, REST, 1).unwrap().assign(&Points::of_rows(rows.view()));
        assert!(adjusted_rand_index(&found, &labels(3, 80)) > 0.98);
    }

    #[test]
    fn one_component_has_the_likelihood_of_a_normal_distribution() {
        let rows = array![[-1.0], [1.0], [-1.0], [1.0]];
        let likelihood = fit(rows.view(), 1, REST, 1).unwrap().mean_log_likelihood(&Points::of_rows(rows.view()));
        assert!((likelihood - (-0.5 - 0.5 * std::f64::consts::TAU.ln())).abs() < 1e-5);
    }

    #[test]
    fn factors_a_covariance() {
        let factor = cholesky(array![[4.0, 2.0], [2.0, 5.0]].view()).unwrap();
        assert_eq!(factor, array![[2.0, 0.0], [1.0, 2.0]]);
        assert!(cholesky(array![[1.0, 2.0], [2.0, 1.0]].view()).is_none());
    }
}
