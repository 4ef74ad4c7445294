use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::GaussianMixtureModel;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256Plus;

use super::gaussian::most_probable;
use super::*;
use crate::clustering::samples::{blobs, labels};
use crate::clustering::stability::adjusted_rand_index;

#[test]
fn finds_the_groups_and_their_density() {
    let rows = blobs(&[[0.0, 0.0], [9.0, 1.0], [-5.0, 9.0]], 100, 1.0);
    let points = Points::of_rows(rows.view());
    let mixture = fit(&points, 3, REST, 1).unwrap();
    assert_eq!(adjusted_rand_index(&mixture.assign(&points), &labels(3, 100)), 1.0);
    // Each group alone has the entropy of a normal distribution in two dimensions, and is a third of all.
    let expected = -(1.0 + std::f64::consts::TAU.ln()) - 3_f64.ln();
    assert!((mixture.mean_log_likelihood(&points) - expected).abs() < 0.1);
}

#[test]
fn agrees_with_linfa() {
    let rows = blobs(&[[0.0, 0.0, 1.0], [5.0, 1.0, 0.0], [-2.0, 6.0, 4.0]], 200, 1.3);
    let ours = fit(&Points::of_rows(rows.view()), 3, 1e-9, 1).unwrap();
    let random = Xoshiro256Plus::seed_from_u64(3);
    let theirs = GaussianMixtureModel::params_with_rng(3, random).tolerance(1e-9).fit(&DatasetBase::from(rows));
    let theirs = theirs.unwrap();
    for component in ours.gaussians() {
        let apart = |mean: ndarray::ArrayView1<'_, f64>| -> f64 {
            mean.iter().zip(&component.mean).map(|(a, b)| (a - b).abs()).sum()
        };
        let same =
            theirs.means().outer_iter().position(|mean| apart(mean) < 1e-3).expect("a component of the same mean");
        assert!((theirs.weights()[same] - component.weight).abs() < 1e-3);
        let covariance = theirs.covariances();
        let covariance = covariance.index_axis(ndarray::Axis(0), same);
        assert!(covariance.iter().zip(&component.covariance).all(|(a, b)| (a - b).abs() < 1e-2));
    }
}

#[test]
fn equal_points_have_a_width() {
    let rows = ndarray::Array2::from_shape_fn((40, 1), |(row, _)| f64::from(u8::from(row < 20)));
    let points = Points::of_rows(rows.view());
    let mixture = fit(&points, 2, REST, 1).unwrap();
    assert!(mixture.mean_log_likelihood(&points).is_finite());
    assert_eq!(adjusted_rand_index(&mixture.assign(&points), &labels(2, 20)), 1.0);
}

#[test]
fn stored_components_put_a_point_where_the_mixture_does() {
    let points = Points::of_rows(blobs(&[[0.0, 0.0], [4.0, 4.0]], 50, 1.0).view());
    let mixture = fit(&points, 2, REST, 1).unwrap();
    let stored = mixture.gaussians().collect::<Vec<_>>();
    let again: Vec<u32> =
        (0..points.count()).map(|index| most_probable(&stored, &points.point(index)).unwrap() as u32).collect();
    assert_eq!(again, mixture.assign(&points));
}
