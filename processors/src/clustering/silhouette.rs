//! The silhouette of partitions, from all pairs of points.

use rayon::prelude::*;

use super::points::{LANES, Points, vectorised};

/// Rows of the distance matrix per parallel chunk.
const CHUNK: usize = 64;

/// The mean silhouette (Rousseeuw 1987) of several partitions of the same points, from one pass over all pairs.
///
/// Points that share a cluster in every partition form a cell. The sum of distances from a point to a cell serves all
/// partitions, and there are far fewer cells than points. A point alone in its cluster counts as 0. A partition with
/// fewer than two clusters has none.
pub fn silhouettes(points: &Points, partitions: &[&[u32]]) -> Vec<Option<f64>> {
    let cells = Refinement::of(points.count(), partitions);
    let sorted = points.gather(&cells.order);
    let clusters: Vec<CellPartition> = partitions.iter().map(|labels| CellPartition::of(labels, &cells)).collect();
    let chunks: Vec<Vec<f64>> = (0..points.count().div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let rows = chunk * CHUNK..((chunk + 1) * CHUNK).min(points.count());
            vectorised(
                #[inline(always)]
                || chunk_silhouettes(&sorted, rows, &cells, &clusters),
            )
        })
        .collect();
    let mean = |partition: usize| chunks.iter().map(|sums| sums[partition]).sum::<f64>() / points.count() as f64;
    clusters.iter().enumerate().map(|(index, some)| (some.non_empty() > 1).then(|| mean(index))).collect()
}

/// Points in the order of their cells.
struct Refinement {
    order: Vec<usize>,
    /// The cell of each point in that order.
    cell: Vec<usize>,
    /// Where each cell ends in that order.
    ends: Vec<usize>,
}

impl Refinement {
    fn of(len: usize, partitions: &[&[u32]]) -> Self {
        let key = |index: usize| partitions.iter().map(move |labels| labels[index]);
        let mut order: Vec<usize> = (0..len).collect();
        order.sort_by(|a, b| key(*a).cmp(key(*b)));
        let mut ends = vec![];
        let mut cell = vec![0; len];
        for index in 1..=len {
            cell[index - 1] = ends.len();
            if index == len || key(order[index - 1]).ne(key(order[index])) {
                ends.push(index);
            }
        }
        Self { order, cell, ends }
    }
}

/// One partition as clusters of cells.
struct CellPartition {
    of_cell: Vec<usize>,
    sizes: Vec<usize>,
}

impl CellPartition {
    fn of(labels: &[u32], cells: &Refinement) -> Self {
        let clusters = labels.iter().max().map_or(0, |most| *most as usize + 1);
        let mut sizes = vec![0; clusters];
        labels.iter().for_each(|label| sizes[*label as usize] += 1);
        Self { of_cell: cells.ends.iter().map(|end| labels[cells.order[end - 1]] as usize).collect(), sizes }
    }

    fn non_empty(&self) -> usize {
        self.sizes.iter().filter(|size| **size > 0).count()
    }

    fn silhouette(&self, cell: usize, distances: &[f64], sums: &mut Vec<f64>) -> f64 {
        let own = self.of_cell[cell];
        if self.sizes[own] < 2 {
            return 0.0;
        }
        sums.clear();
        sums.resize(self.sizes.len(), 0.0);
        self.of_cell.iter().zip(distances).for_each(|(cluster, distance)| sums[*cluster] += distance);
        let within = sums[own] / (self.sizes[own] - 1) as f64;
        let others = (0..sums.len()).filter(|cluster| *cluster != own && self.sizes[*cluster] > 0);
        let nearest = others.map(|cluster| sums[cluster] / self.sizes[cluster] as f64).fold(f64::INFINITY, f64::min);
        let greater = within.max(nearest);
        if greater > 0.0 && greater.is_finite() { (nearest - within) / greater } else { 0.0 }
    }
}

#[inline(always)]
fn chunk_silhouettes(
    points: &Points,
    rows: std::ops::Range<usize>,
    cells: &Refinement,
    partitions: &[CellPartition],
) -> Vec<f64> {
    let mut totals = vec![0.0; partitions.len()];
    let mut row = points.distance_buffer();
    let mut to_cells = vec![0.0; cells.ends.len()];
    let mut sums = vec![];
    for index in rows {
        points.squared_distances(&points.point(index), &mut row);
        row.iter_mut().for_each(|square| *square = square.sqrt());
        let mut start = 0;
        for (end, distance) in cells.ends.iter().zip(&mut to_cells) {
            *distance = sum(&row[start..*end]);
            start = *end;
        }
        for (total, partition) in totals.iter_mut().zip(partitions) {
            *total += partition.silhouette(cells.cell[index], &to_cells, &mut sums);
        }
    }
    totals
}

/// A sum in eight lanes, whose order is fixed.
#[inline(always)]
fn sum(values: &[f64]) -> f64 {
    let blocks = values.chunks_exact(LANES);
    let rest: f64 = blocks.remainder().iter().sum();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        lanes.iter_mut().zip(block).for_each(|(lane, value)| *lane += value);
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::clustering::samples::{blobs, labels};

    #[test]
    fn a_point_alone_in_its_cluster_has_silhouette_zero() {
        let points = Points::of_rows(array![[0.0], [1.0], [10.0]].view());
        let silhouette = silhouettes(&points, &[&[0, 0, 1]])[0].unwrap();
        assert!((silhouette - (0.9 + 8.0 / 9.0) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn several_partitions_in_one_pass_are_the_same_as_one_by_one() {
        let points = Points::of_rows(blobs(&[[0.0, 0.0], [3.0, 3.0], [0.0, 5.0]], 40, 1.0).view());
        let three = labels(3, 40);
        let two: Vec<u32> = three.iter().map(|label| label % 2).collect();
        let mixed: Vec<u32> = (0..120).map(|index| index % 4).collect();
        let together = silhouettes(&points, &[&three, &two, &mixed]);
        for (partition, silhouette) in [&three, &two, &mixed].into_iter().zip(together) {
            assert!((silhouettes(&points, &[partition])[0].unwrap() - silhouette.unwrap()).abs() < 1e-12);
        }
    }
}
