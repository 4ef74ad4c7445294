//! Shoppers as points, stored so that a loop over eight of them becomes vector instructions.

use ndarray::ArrayView2;
use pulp::Arch;
use rayon::prelude::*;

/// How many points are looked at together.
pub(crate) const LANES: usize = 8;
/// Blocks of points that one thread takes at a time.
pub(crate) const CHUNK: usize = 128;

/// Points in blocks of [`LANES`]: the first coordinate of eight points, then their second, and so on. The last block is
/// filled up with zeros.
#[derive(Clone, Debug)]
pub struct Points {
    len: usize,
    dims: usize,
    lanes: Vec<[f64; LANES]>,
}

impl Points {
    /// The rows of a matrix.
    pub fn of_rows(rows: ArrayView2<'_, f64>) -> Self {
        let mut points = Self::zeros(rows.nrows(), rows.ncols());
        let blocks = points.lanes.par_chunks_exact_mut(rows.ncols().max(1)).enumerate();
        blocks.with_min_len(CHUNK).for_each(|(index, block)| {
            let first = index * LANES;
            for (lane, row) in (first..rows.nrows().min(first + LANES)).enumerate() {
                rows.row(row).iter().zip(&mut *block).for_each(|(value, coordinates)| coordinates[lane] = *value);
            }
        });
        points
    }

    /// The points at these indices, in this order; an index may come twice.
    pub(crate) fn gather(&self, indices: &[usize]) -> Self {
        let mut points = Self::zeros(indices.len(), self.dims);
        for (to, from) in indices.iter().enumerate() {
            for dim in 0..self.dims {
                points.set(to, dim, self.at(*from, dim));
            }
        }
        points
    }

    fn zeros(len: usize, dims: usize) -> Self {
        Self { len, dims, lanes: vec![[0.0; LANES]; len.div_ceil(LANES) * dims] }
    }

    fn set(&mut self, index: usize, dim: usize, value: f64) {
        self.lanes[index / LANES * self.dims + dim][index % LANES] = value;
    }

    /// How many points there are.
    pub(crate) fn count(&self) -> usize {
        self.len
    }

    /// How many coordinates each has.
    pub(crate) fn dims(&self) -> usize {
        self.dims
    }

    /// All blocks; each is [`Self::dims`] arrays.
    pub(crate) fn lanes(&self) -> &[[f64; LANES]] {
        &self.lanes
    }

    /// One coordinate of one point.
    pub(crate) fn at(&self, index: usize, dim: usize) -> f64 {
        self.lanes[index / LANES * self.dims + dim][index % LANES]
    }

    /// One point.
    pub(crate) fn point(&self, index: usize) -> Vec<f64> {
        (0..self.dims).map(|dim| self.at(index, dim)).collect()
    }

    /// The squared distance of one point to a centre.
    pub(crate) fn squared_distance(&self, index: usize, centre: &[f64]) -> f64 {
        centre.iter().enumerate().map(|(dim, value)| (self.at(index, dim) - value).powi(2)).sum()
    }

    /// Writes the squared distance of every point to a centre; `out` has room for whole blocks.
    #[inline(always)]
    pub(crate) fn squared_distances(&self, centre: &[f64], out: &mut [f64]) {
        for (block, out) in self.lanes.chunks_exact(self.dims).zip(out.chunks_exact_mut(LANES)) {
            out.copy_from_slice(&block_distances(block, centre));
        }
    }

    /// A buffer for [`Self::squared_distances`].
    pub(crate) fn distance_buffer(&self) -> Vec<f64> {
        vec![0.0; self.len.div_ceil(LANES) * LANES]
    }

    /// The mean of the points of each cluster and how many there are; an empty cluster has mean zero.
    pub(crate) fn means(&self, labels: &[u32], clusters: usize) -> (Vec<f64>, Vec<u64>) {
        let mut sums = vec![0.0; clusters * self.dims];
        let mut counts = vec![0; clusters];
        for (index, label) in labels.iter().enumerate() {
            counts[*label as usize] += 1;
            for (dim, sum) in sums[*label as usize * self.dims..][..self.dims].iter_mut().enumerate() {
                *sum += self.at(index, dim);
            }
        }
        for (sum, count) in sums.chunks_exact_mut(self.dims).zip(&counts) {
            sum.iter_mut().for_each(|value| *value /= (*count).max(1) as f64);
        }
        (sums, counts)
    }

    /// The variance of all coordinates together; the same on any number of threads.
    pub(crate) fn spread(&self) -> f64 {
        let share = 1.0 / self.len.max(1) as f64;
        let chunks = || self.lanes.par_chunks((CHUNK * self.dims).max(1));
        let sums: Vec<Vec<f64>> = chunks()
            .map(|lanes| {
                // Zeros that fill up the last block add nothing.
                let coordinates = |dim| lanes.iter().skip(dim).step_by(self.dims);
                (0..self.dims).map(|dim| coordinates(dim).map(|lanes| lanes.iter().sum::<f64>()).sum()).collect()
            })
            .collect();
        let mean: Vec<f64> = (0..self.dims).map(|dim| share * sums.iter().map(|sums| sums[dim]).sum::<f64>()).collect();
        let squares: Vec<f64> = (0..sums.len())
            .into_par_iter()
            .map(|chunk| {
                let indices = chunk * CHUNK * LANES..self.len.min((chunk + 1) * CHUNK * LANES);
                indices.map(|index| self.squared_distance(index, &mean)).sum()
            })
            .collect();
        share * squares.iter().sum::<f64>()
    }

    /// How many different points there are, counted no further than `limit`.
    pub(crate) fn distinct(&self, limit: usize) -> usize {
        let mut seen = std::collections::HashSet::new();
        for index in 0..self.len {
            // Adding zero makes -0.0 and 0.0 the same bits.
            seen.insert(self.point(index).iter().map(|value| (value + 0.0).to_bits()).collect::<Vec<_>>());
            if seen.len() >= limit {
                break;
            }
        }
        seen.len()
    }
}

/// Runs a kernel with the widest vector instructions that this machine has, as far as all of it is inlined. They say how
/// much is computed at once; nothing is fused or put into another order, so the result is the same on every machine.
#[inline(always)]
pub(crate) fn vectorised<T>(kernel: impl FnOnce() -> T) -> T {
    Arch::new().dispatch(kernel)
}

/// The squared distance of two points.
pub(crate) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// The squared distances of the points of a block to a centre.
#[inline(always)]
pub(crate) fn block_distances(block: &[[f64; LANES]], centre: &[f64]) -> [f64; LANES] {
    let mut squares = [0.0; LANES];
    for (coordinates, value) in block.iter().zip(centre) {
        for lane in 0..LANES {
            let difference = coordinates[lane] - value;
            squares[lane] += difference * difference;
        }
    }
    squares
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn keeps_the_rows_and_their_order() {
        let rows = ndarray::Array2::from_shape_fn((19, 3), |(row, column)| (10 * row + column) as f64);
        let points = Points::of_rows(rows.view());
        assert_eq!(points.point(17), [170.0, 171.0, 172.0]);
        assert_eq!(points.gather(&[18, 0, 18]).point(2), [180.0, 181.0, 182.0]);
    }

    #[test]
    fn distances_are_those_of_the_points() {
        let points = Points::of_rows(array![[0.0, 0.0], [3.0, 4.0], [-1.0, 0.0]].view());
        let mut out = points.distance_buffer();
        points.squared_distances(&[0.0, 0.0], &mut out);
        assert_eq!(out[..3], [0.0, 25.0, 1.0]);
    }

    #[test]
    fn the_same_point_twice_is_one_distinct_point() {
        let points = Points::of_rows(array![[0.0], [-0.0], [1.0], [1.0]].view());
        assert_eq!(points.distinct(10), 2);
    }
}
