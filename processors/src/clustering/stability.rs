//! Whether a partition comes again: the adjusted Rand index with partitions of bootstrap samples.

use rand::Rng;
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use super::kmeans;
use super::points::Points;
use super::random::{self, Purpose};

/// How many bootstrap samples are clustered.
pub(crate) const RESAMPLES: u64 = 20;
/// Partitions are compared on no more points than this.
const COMPARED: usize = 20_000;
/// Starts of k-means on a bootstrap sample.
const STARTS: u64 = 3;

/// The mean adjusted Rand index of a partition with those of bootstrap samples of the points: 1 when the same groups come
/// every time, near 0 when they come by chance. A sample has at most `limit` points.
///
/// `again` clusters the points at the given indices, with a seed, and labels the other points that it is given by the result.
pub(crate) fn stability(
    points: &Points,
    labels: &[u32],
    clusters: usize,
    limit: usize,
    seed: u64,
    again: impl Fn(&[usize], &Points, u64) -> Vec<u32> + Sync,
) -> f64 {
    let compared = random::sample(points.count(), COMPARED, &mut random::generator(seed, Purpose::Comparison, 0, 0));
    let compared = compared.unwrap_or_else(|| (0..points.count()).collect());
    let labels: Vec<u32> = compared.iter().map(|index| labels[*index]).collect();
    let compared = points.gather(&compared);
    let resampled = (0..RESAMPLES).into_par_iter().map(|index| {
        let mut random = random::generator(seed, Purpose::Bootstrap, clusters as u64, index);
        let sample = resample(points.count(), limit, &mut random);
        adjusted_rand_index(&labels, &again(&sample, &compared, random.r#gen()))
    });
    let indices: Vec<f64> = resampled.collect();
    indices.iter().sum::<f64>() / indices.len() as f64
}

/// What [`stability`] does again for k-means.
pub(crate) fn kmeans_again(sample: &Points, compared: &Points, clusters: usize, seed: u64) -> Vec<u32> {
    let fits = kmeans::starts(sample, clusters, STARTS, seed);
    kmeans::assign(compared, &fits[0].centroids)
}

/// Indices drawn with replacement.
fn resample(len: usize, limit: usize, random: &mut Xoshiro256Plus) -> Vec<usize> {
    (0..len.min(limit)).map(|_| random.gen_range(0..len)).collect()
}

/// The adjusted Rand index (Hubert and Arabie 1985) of two partitions of the same points: 1 for the same partition, 0 on
/// average for independent ones.
pub(crate) fn adjusted_rand_index(a: &[u32], b: &[u32]) -> f64 {
    let width = b.iter().max().map_or(0, |most| *most as usize + 1);
    let height = a.iter().max().map_or(0, |most| *most as usize + 1);
    let mut both = vec![0_u64; height * width];
    for (a, b) in a.iter().zip(b) {
        both[*a as usize * width + *b as usize] += 1;
    }
    let row = |row: usize| both[row * width..][..width].iter().sum();
    let column = |column: usize| both[column..].iter().step_by(width).sum();
    let (pairs_a, pairs_b) = (pairs((0..height).map(row)), pairs((0..width).map(column)));
    let together = pairs(both.iter().copied());
    let expected = pairs_a * pairs_b / pairs([a.len() as u64]).max(1.0);
    let most = f64::midpoint(pairs_a, pairs_b);
    // Both partitions are trivial: one cluster, or every point alone.
    if most == expected { 1.0 } else { (together - expected) / (most - expected) }
}

/// How many pairs lie within groups of these sizes. Whole numbers, so the order does not matter.
fn pairs(sizes: impl IntoIterator<Item = u64>) -> f64 {
    sizes.into_iter().map(|size| u128::from(size) * u128::from(size.saturating_sub(1)) / 2).sum::<u128>() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clustering::samples::{blobs, labels};

    #[test]
    fn separate_groups_come_again() {
        let points = Points::of_rows(blobs(&[[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 50, 1.0).view());
        assert!(again(&points, &labels(3, 50), 3) > 0.99);
    }

    #[test]
    fn a_round_cloud_is_cut_differently_every_time() {
        let points = Points::of_rows(blobs(&[[0.0, 0.0]], 300, 1.0).view());
        let labels = kmeans::fit(&points, 6, 1).labels;
        assert!(again(&points, &labels, 6) < 0.8);
    }

    #[test]
    fn the_index_of_a_known_table_is_what_the_paper_computes() {
        // Contingency table [[2, 0], [1, 3]]: 4 pairs together, 7 and 6 pairs in the partitions, 15 in all.
        let index = adjusted_rand_index(&[0, 0, 1, 1, 1, 1], &[0, 0, 0, 1, 1, 1]);
        assert!((index - (4.0 - 42.0 / 15.0) / (6.5 - 42.0 / 15.0)).abs() < 1e-12);
    }

    fn again(points: &Points, labels: &[u32], clusters: usize) -> f64 {
        stability(points, labels, clusters, 1_000, 7, |sample, compared, seed| {
            kmeans_again(&points.gather(sample), compared, clusters, seed)
        })
    }

    proptest! {
        #[test]
        fn the_index_ignores_the_names_of_the_clusters(a in prop::collection::vec(0_u32..5, 2..80), b in prop::collection::vec(0_u32..5, 80)) {
            let b = &b[..a.len()];
            let renamed: Vec<u32> = a.iter().map(|label| 40 - 3 * label).collect();
            let index = adjusted_rand_index(&a, b);
            prop_assert!((-1.0..=1.0).contains(&index));
            prop_assert_eq!(index, adjusted_rand_index(&renamed, b));
            prop_assert_eq!(index, adjusted_rand_index(b, &a));
            prop_assert_eq!(adjusted_rand_index(&a, &renamed), 1.0);
        }
    }
}
