use linfa::DatasetBase;
use linfa::traits::{Fit as _, Predict};
use linfa_clustering::{KMeans, KMeansInit};
use ndarray::Array2;

use super::*;
use crate::clustering::samples::{blobs, labels};
use crate::clustering::stability::adjusted_rand_index;

#[test]
fn finds_blobs_of_known_labels() {
    let rows = blobs(&[[0.0, 0.0], [9.0, 1.0], [-5.0, 9.0], [4.0, -9.0]], 70, 1.0);
    let fit = fit(&Points::of_rows(rows.view()), 4, 3);
    assert!(fit.converged);
    assert_eq!(adjusted_rand_index(&fit.labels, &labels(4, 70)), 1.0);
}

#[test]
fn agrees_with_linfa_from_the_same_start() {
    let rows = blobs(&[[0.0, 0.0, 0.0], [4.0, 1.0, 0.0], [-2.0, 3.0, 4.0], [3.0, -3.0, 1.0]], 333, 1.4);
    let start = Array2::from_shape_fn((5, 3), |(cluster, dim)| rows[[cluster * 250, dim]]);
    let ours = lloyd(&Points::of_rows(rows.view()), start.iter().copied().collect(), 1e-24, MAX_ITERATIONS);
    let dataset = DatasetBase::from(rows);
    let model = KMeans::params(5)
        .init_method(KMeansInit::Precomputed(start))
        .n_runs(1)
        .tolerance(1e-12)
        .max_n_iterations(10_000)
        .fit(&dataset)
        .unwrap();
    let theirs: Vec<u32> = model.predict(dataset.records()).iter().map(|label| *label as u32).collect();
    assert_eq!(ours.labels, theirs);
    assert!((ours.inertia / (model.inertia() * 1332.0) - 1.0).abs() < 1e-9);
}

#[test]
fn is_the_same_on_one_thread_and_on_two() {
    let rows = blobs(&[[0.0, 0.0], [3.0, 1.0], [1.0, 3.0]], 5_000, 1.5);
    let points = Points::of_rows(rows.view());
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(&points, 4, 11))
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn an_empty_cluster_takes_the_farthest_point() {
    let rows = ndarray::array![[0.0], [1.0], [10.0], [11.0]];
    let fit = lloyd(&Points::of_rows(rows.view()), vec![0.5, 500.0], REST, MAX_ITERATIONS);
    assert_eq!(fit.inertia, 1.0);
    assert!(fit.labels[0] == fit.labels[1] && fit.labels[2] == fit.labels[3]);
}

#[test]
fn fewer_different_points_than_clusters_come_to_an_end() {
    let rows = ndarray::array![[1.0], [1.0], [2.0], [2.0], [2.0]];
    assert_eq!(fit(&Points::of_rows(rows.view()), 4, 0).inertia, 0.0);
}
