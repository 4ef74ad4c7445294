//! Made-up shoppers for tests: round groups with known labels.

use ndarray::Array2;
use rand::Rng;

use super::random::{Purpose, generator};

/// `each` points around every centre, normally distributed with this deviation, centre after centre.
pub(crate) fn blobs<const D: usize>(centres: &[[f64; D]], each: usize, deviation: f64) -> Array2<f64> {
    let mut random = generator(centres.len() as u64, Purpose::Start, D as u64, each as u64);
    // Twelve uniform numbers less six are normal enough.
    let mut normal = move || (0..12).map(|_| random.r#gen::<f64>()).sum::<f64>() - 6.0;
    Array2::from_shape_fn((centres.len() * each, D), |(row, dim)| centres[row / each][dim] + deviation * normal())
}

/// The labels of [`blobs`].
pub(crate) fn labels(centres: usize, each: usize) -> Vec<u32> {
    (0..centres * each).map(|row| (row / each) as u32).collect()
}
