//! The nearest centroids of points, eight points at a time.

use rayon::prelude::*;

use crate::clustering::points::{CHUNK, LANES, Points, block_distances, vectorised};

/// The label of a point that has no cluster yet.
pub(crate) const NO_CLUSTER: u32 = u32::MAX;

/// The nearest centroid of each point, the first of equally near ones, and the sum of the squared distances to them.
pub(crate) fn assign_with_inertia(points: &Points, centroids: &[f64]) -> (Vec<u32>, f64) {
    let dims = points.dims();
    let mut labels = vec![NO_CLUSTER; points.count()];
    let inertia: Vec<f64> = (points.lanes().par_chunks(CHUNK * dims))
        .zip(labels.par_chunks_mut(CHUNK * LANES))
        .map(|(lanes, labels)| {
            vectorised(
                #[inline(always)]
                || assign_chunk(lanes, dims, centroids, labels),
            )
        })
        .collect();
    (labels, inertia.iter().sum())
}

#[inline(always)]
fn assign_chunk(lanes: &[[f64; LANES]], dims: usize, centroids: &[f64], labels: &mut [u32]) -> f64 {
    let mut inertia = 0.0;
    for (block, labels) in lanes.chunks_exact(dims).zip(labels.chunks_mut(LANES)) {
        let nearest = nearest(block, centroids);
        inertia += nearest.squares[..labels.len()].iter().sum::<f64>();
        labels.copy_from_slice(&nearest.labels[..labels.len()]);
    }
    inertia
}

/// What is known of each point of a block.
pub(crate) struct Nearest {
    /// The nearest centroids.
    pub labels: [u32; LANES],
    /// The squared distances to the nearest centroids.
    squares: [f64; LANES],
    /// The squared distances to the second nearest.
    seconds: [f64; LANES],
}

impl Nearest {
    /// What lies between the distances of a point to its nearest and to its second nearest centroid, less what rounding may
    /// hide; the least of the block.
    #[inline(always)]
    pub(crate) fn margin(&self) -> f64 {
        let mut margins: [f64; LANES] =
            std::array::from_fn(|lane| self.seconds[lane].sqrt() * (1.0 - 1e-12) - self.squares[lane].sqrt());
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                let (a, b) = (margins[lane], margins[lane + half]);
                margins[lane] = if a < b { a } else { b };
            }
            half /= 2;
        }
        margins[0]
    }
}

/// The nearest centroid of each point of a block.
#[inline(always)]
pub(crate) fn nearest(block: &[[f64; LANES]], centroids: &[f64]) -> Nearest {
    // As wide as the distances, so that one mask chooses all.
    let mut labels = [0_u64; LANES];
    let mut squares = [f64::INFINITY; LANES];
    let mut seconds = [f64::INFINITY; LANES];
    for (cluster, centroid) in centroids.chunks_exact(block.len()).enumerate() {
        let found = block_distances(block, centroid);
        for lane in 0..LANES {
            let nearer = found[lane] < squares[lane];
            let other = if nearer { squares[lane] } else { found[lane] };
            seconds[lane] = if other < seconds[lane] { other } else { seconds[lane] };
            labels[lane] = if nearer { cluster as u64 } else { labels[lane] };
            squares[lane] = if nearer { found[lane] } else { squares[lane] };
        }
    }
    Nearest { labels: labels.map(|label| label as u32), squares, seconds }
}
