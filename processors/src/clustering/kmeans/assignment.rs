//! The nearest centroid of every point, and the sums of the points of each cluster, kept up while centroids move.

use rayon::prelude::*;

use super::nearest::{NO_CLUSTER, nearest};
use crate::clustering::points::{CHUNK, LANES, Points, squared_distance, vectorised};

/// The nearest centroid of each point.
///
/// Most points stay where they are: a label cannot change before centroids have moved by what lies between the distances
/// of its point to the nearest and to the second nearest of them (Hamerly 2010). One bound for a block of points is enough
/// to pass over most of them, and sums change only by the points that move.
pub(crate) struct ClusterAssignment<'a> {
    points: &'a Points,
    labels: Vec<[u32; LANES]>,
    /// How far centroids may have travelled before a block has to be looked at again.
    bounds: Vec<f64>,
    travelled: f64,
    sums: ClusterSums,
}

impl<'a> ClusterAssignment<'a> {
    /// No point has a cluster.
    pub(crate) fn none(points: &'a Points, clusters: usize) -> Self {
        let blocks = points.count().div_ceil(LANES);
        Self {
            points,
            labels: vec![[NO_CLUSTER; LANES]; blocks],
            bounds: vec![f64::NEG_INFINITY; blocks],
            travelled: 0.0,
            sums: ClusterSums::zero(clusters, points.dims()),
        }
    }

    /// Adds what centroids moved since the last assignment.
    pub(crate) fn travel(&mut self, from: &[f64], to: &[f64]) {
        let dims = self.points.dims();
        let pairs = from.chunks_exact(dims).zip(to.chunks_exact(dims));
        let mut moves: Vec<f64> = pairs.map(|(from, to)| squared_distance(from, to).sqrt()).collect();
        moves.sort_by(|a, b| b.total_cmp(a));
        // At worst the nearest has gone away and another one has come nearer.
        self.travelled += moves.iter().take(2).sum::<f64>();
    }

    /// Labels the points whose label may have changed; whether one has.
    pub(crate) fn update(&mut self, centroids: &[f64]) -> bool {
        let dims = self.points.dims();
        let travelled = self.travelled;
        let moves: Vec<Option<ClusterSums>> = (self.points.lanes().par_chunks(CHUNK * dims))
            .zip(self.labels.par_chunks_mut(CHUNK))
            .zip(self.bounds.par_chunks_mut(CHUNK))
            .enumerate()
            .map(|(index, ((lanes, labels), bounds))| {
                let mut chunk =
                    AssignmentChunk { lanes, labels, bounds, count: self.points.count() - index * CHUNK * LANES };
                vectorised(
                    #[inline(always)]
                    || chunk.update(dims, centroids, travelled),
                )
            })
            .collect();
        // In the order of the chunks, so that rounding is the same on any number of threads.
        moves.iter().flatten().for_each(|moves| self.sums.add(moves));
        moves.iter().any(Option::is_some)
    }

    /// How many points each cluster has.
    pub(crate) fn counts(&self) -> &[i64] {
        &self.sums.counts
    }

    /// The mean of each cluster; of an empty one, zero.
    pub(crate) fn means(&mut self) -> Vec<f64> {
        self.sums.means(self.points.dims())
    }
}

/// Points added up by cluster.
struct ClusterSums {
    sums: Vec<f64>,
    counts: Vec<i64>,
}

impl ClusterSums {
    fn zero(clusters: usize, dims: usize) -> Self {
        Self { sums: vec![0.0; clusters * dims], counts: vec![0; clusters] }
    }

    fn add(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, value)| *sum += value);
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, value)| *count += value);
    }

    /// One point of a block enters a cluster or, when `sign` is negative, leaves it.
    fn count(&mut self, block: &[[f64; LANES]], lane: usize, cluster: u32, sign: i8) {
        let (cluster, dims) = (cluster as usize, block.len());
        self.counts[cluster] += i64::from(sign);
        for (sum, coordinates) in self.sums[cluster * dims..][..dims].iter_mut().zip(block) {
            *sum += f64::from(sign) * coordinates[lane];
        }
    }

    fn means(&mut self, dims: usize) -> Vec<f64> {
        for (sums, count) in self.sums.chunks_exact_mut(dims).zip(&self.counts) {
            if *count == 0 {
                // What rounding left of points that came and went.
                sums.fill(0.0);
            }
        }
        let clusters = self.sums.chunks_exact(dims).zip(&self.counts);
        clusters.flat_map(|(sums, count)| sums.iter().map(|sum| sum / (*count).max(1) as f64)).collect()
    }
}

/// What one thread works on at a time.
struct AssignmentChunk<'a> {
    lanes: &'a [[f64; LANES]],
    labels: &'a mut [[u32; LANES]],
    bounds: &'a mut [f64],
    /// The points from the first of this chunk to the last of all; what else the last block holds is no point.
    count: usize,
}

impl AssignmentChunk<'_> {
    /// What entered each cluster less what left it, or nothing when all points stayed.
    #[inline(always)]
    fn update(&mut self, dims: usize, centroids: &[f64], travelled: f64) -> Option<ClusterSums> {
        let due = self.bounds.iter().filter(|bound| travelled >= **bound).count();
        // Reading all of them in a row is faster than leaving out some.
        let all = 4 * due > self.bounds.len();
        let mut moves = None;
        let blocks = self.lanes.chunks_exact(dims).zip(self.labels.iter_mut()).zip(self.bounds.iter_mut());
        for (index, ((block, labels), bound)) in blocks.enumerate() {
            if !all && travelled < *bound {
                continue;
            }
            let nearest = nearest(block, centroids);
            *bound = travelled + nearest.margin();
            if *labels == nearest.labels {
                continue;
            }
            let points = LANES.min(self.count - index * LANES);
            for (lane, label) in labels.iter_mut().enumerate().take(points) {
                let (old, new) = (*label, nearest.labels[lane]);
                if old != new {
                    let moves = moves.get_or_insert_with(|| ClusterSums::zero(centroids.len() / dims, dims));
                    if old != NO_CLUSTER {
                        moves.count(block, lane, old, -1);
                    }
                    moves.count(block, lane, new, 1);
                    *label = new;
                }
            }
        }
        moves
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::clustering::kmeans::nearest::assign_with_inertia;
    use crate::clustering::random::{self, Purpose};
    use crate::clustering::samples::blobs;

    #[test]
    fn follows_centroids_wherever_they_go() {
        // Not a multiple of a block, more than a chunk, and many points near a border.
        let points = Points::of_rows(blobs(&[[0.0, 0.0, 0.0], [3.0, 1.0, 0.0], [1.0, 2.0, 4.0]], 1_001, 1.5).view());
        let mut random = random::generator(5, Purpose::Start, 0, 0);
        for clusters in [1, 2, 5] {
            let mut centroids: Vec<f64> = (0..clusters * 3).map(|_| random.gen_range(-1.0..3.0)).collect();
            let mut assignment = ClusterAssignment::none(&points, clusters);
            for step in 0..60 {
                assignment.update(&centroids);
                let (labels, _) = assign_with_inertia(&points, &centroids);
                assert_eq!(
                    assignment.labels.as_flattened()[..points.count()],
                    labels,
                    "step {step} of {clusters} clusters"
                );
                let (means, counts) = points.means(&labels, clusters);
                assert!(assignment.counts().iter().zip(counts).all(|(ours, theirs)| *ours == theirs as i64));
                assert!(assignment.means().iter().zip(means).all(|(ours, theirs)| (ours - theirs).abs() < 1e-9));
                // Large moves, then ever smaller ones.
                let reach = 2.0 / f64::from(step + 1).powi(2);
                let moved: Vec<f64> = centroids.iter().map(|value| value + random.gen_range(-reach..reach)).collect();
                assignment.travel(&centroids, &moved);
                centroids = moved;
            }
        }
    }

    #[test]
    fn passes_over_points_that_cannot_change() {
        let points = Points::of_rows(blobs(&[[0.0], [100.0]], 800, 1.0).view());
        let mut assignment = ClusterAssignment::none(&points, 2);
        assert!(assignment.update(&[0.0, 100.0]));
        assignment.travel(&[0.0, 100.0], &[1.0, 99.0]);
        assert!(assignment.bounds.iter().all(|bound| assignment.travelled < *bound));
        assert!(!assignment.update(&[1.0, 99.0]));
    }
}
