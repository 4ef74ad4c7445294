//! The components of a mixture: normal distributions, and their densities at points.

use crate::clustering::points::LANES;

/// A component of a mixture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gaussian {
    /// Its share of the mixture, 0 to 1.
    pub weight: f64,
    /// Its centre.
    pub mean: Vec<f64>,
    /// Its covariances, row after row.
    pub covariance: Vec<f64>,
}

/// A component with what its density is computed from.
pub(crate) struct Density {
    /// The component.
    pub gaussian: Gaussian,
    /// The inverse of the lower Cholesky factor, row after row.
    inverse: Vec<f64>,
    /// The logarithm of weight and of what the density has before its exponential.
    log_scale: f64,
}

impl Density {
    /// None when the covariance is not positive definite.
    pub(crate) fn new(gaussian: Gaussian) -> Option<Self> {
        let dims = gaussian.mean.len();
        let factor = cholesky(&gaussian.covariance, dims)?;
        let log_determinant: f64 = (0..dims).map(|dim| factor[dim * dims + dim].ln()).sum();
        let log_scale = gaussian.weight.ln() - 0.5 * dims as f64 * std::f64::consts::TAU.ln() - log_determinant;
        Some(Self { inverse: lower_inverse(&factor, dims), gaussian, log_scale })
    }

    /// The logarithms of weight times density at the points of a block.
    #[inline]
    pub(crate) fn log_densities(&self, block: &[[f64; LANES]]) -> [f64; LANES] {
        let dims = block.len();
        let mut squares = [0.0; LANES];
        for row in 0..dims {
            let mut solved = [0.0; LANES];
            for (column, coordinates) in block.iter().enumerate().take(row + 1) {
                let (factor, mean) = (self.inverse[row * dims + column], self.gaussian.mean[column]);
                (0..LANES).for_each(|lane| solved[lane] += factor * (coordinates[lane] - mean));
            }
            (0..LANES).for_each(|lane| squares[lane] += solved[lane] * solved[lane]);
        }
        squares.map(|square| self.log_scale - 0.5 * square)
    }
}

/// The index of the most probable component for a point.
pub(crate) fn most_probable(gaussians: &[Gaussian], point: &[f64]) -> Option<usize> {
    let density = |(index, gaussian): (usize, &Gaussian)| {
        let density = Density::new(gaussian.clone())?;
        let block: Vec<[f64; LANES]> = point.iter().map(|value| [*value; LANES]).collect();
        Some((density.log_densities(&block)[0], index))
    };
    let densities = gaussians.iter().enumerate().filter_map(density);
    densities.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, index)| index)
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
