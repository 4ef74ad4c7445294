//! DBSCAN by linfa: dense clusters of any shape, and noise.

use linfa::ParamGuard;
use linfa::traits::Transformer;
use linfa_clustering::Dbscan;
use ndarray::Array2;

/// The cluster of each row, none for noise. `epsilon` is the radius of a neighbourhood, `min_points` how many rows a dense
/// one holds, with its centre. None for parameters out of range.
pub(crate) fn cluster(rows: &Array2<f64>, epsilon: f64, min_points: usize) -> Option<Vec<Option<u32>>> {
    let checked = Dbscan::params(min_points).tolerance(epsilon).check().ok()?;
    Some(checked.transform(rows).iter().map(|label| label.map(|label| label as u32)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clustering::samples::blobs;

    #[test]
    fn finds_dense_groups_and_leaves_out_who_is_far_from_all() {
        let mut rows = blobs(&[[0.0, 0.0], [20.0, 0.0]], 60, 1.0);
        rows.push_row(ndarray::aview1(&[10.0, 50.0])).unwrap();
        let labels = cluster(&rows, 2.0, 5).unwrap();
        assert_eq!(labels[120], None);
        assert!(labels[..60].iter().all(|label| *label == labels[0] && label.is_some()));
        assert!(labels[60..120].iter().all(|label| *label == labels[60] && *label != labels[0]));
    }

    #[test]
    fn refuses_a_radius_of_nothing() {
        assert_eq!(cluster(&blobs(&[[0.0]], 5, 1.0), 0.0, 5), None);
    }
}
