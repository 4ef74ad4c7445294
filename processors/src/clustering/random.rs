//! Random numbers that depend on the report's seed and on what they are for, never on threads or order of work.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256Plus;

/// What random numbers are drawn for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The points on which the starts of k-means are compared.
    StartSample = 1,
    /// A start of k-means.
    Start = 2,
    /// The points on which the silhouette is measured.
    Silhouette = 3,
    /// A bootstrap sample.
    Bootstrap = 4,
    /// The points to which bootstrap partitions are compared.
    Comparison = 5,
    /// A fit of a Gaussian mixture.
    Mixture = 6,
}

/// The generator for the `index`-th piece of work on `clusters` clusters.
pub(crate) fn generator(seed: u64, purpose: Purpose, clusters: u64, index: u64) -> Xoshiro256Plus {
    let stream = (purpose as u64) << 56 | clusters << 32 | index;
    // An odd multiplier keeps different streams different.
    Xoshiro256Plus::seed_from_u64(seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Different indices below `len` in rising order, or nothing when all fit within `limit`.
pub(crate) fn sample(len: usize, limit: usize, random: &mut Xoshiro256Plus) -> Option<Vec<usize>> {
    if len <= limit {
        return None;
    }
    let mut indices = rand::seq::index::sample(random, len, limit).into_vec();
    indices.sort_unstable();
    Some(indices)
}
