//! Which segment of one report continues which of another: the assignment of centroids with the least sum of squared
//! distances, so that "segment 2" means the same next month.

use domain::report::{Scaling, Segment};

use super::features::scaling::scaled_value;
use crate::clustering::points::squared_distance;

/// For each segment the earlier one that it continues, by index. Distances are measured in the space that `scaling` makes,
/// whose total variance is `spread`; what is farther apart than that continues nothing. Nothing continues when the reports
/// are about other features.
pub fn continued(segments: &[Segment], earlier: &[Segment], scaling: &[Scaling], spread: f64) -> Vec<Option<u32>> {
    let centroids = |segments: &[Segment]| -> Option<Vec<Vec<f64>>> {
        segments.iter().map(|segment| centroid(segment, scaling)).collect()
    };
    match centroids(segments).zip(centroids(earlier)) {
        Some((own, old)) => assigned(&own, &old, spread).into_iter().map(|index| Some(earlier[index?].index)).collect(),
        None => vec![None; segments.len()],
    }
}

/// The centroid of a segment in the space that was clustered; nothing when it has other features.
fn centroid(segment: &Segment, scaling: &[Scaling]) -> Option<Vec<f64>> {
    let value = |scaling: &Scaling| Some(scaled_value(*segment.centroid.get(&scaling.feature)?, scaling));
    (segment.centroid.len() == scaling.len()).then(|| scaling.iter().map(value).collect()).flatten()
}

/// For each point the other point that it is assigned to.
fn assigned(points: &[Vec<f64>], others: &[Vec<f64>], limit: f64) -> Vec<Option<usize>> {
    let size = points.len().max(others.len());
    let cost = |row: usize, column: usize| -> f64 {
        points.get(row).zip(others.get(column)).map_or(0.0, |(a, b)| squared_distance(a, b))
    };
    let near = |(row, column): (usize, usize)| (column < others.len() && cost(row, column) <= limit).then_some(column);
    least_assignment(size, cost).into_iter().take(points.len()).enumerate().map(near).collect()
}

/// The column of each row in the assignment with the least sum of costs (Kuhn 1955, by shortest augmenting paths).
fn least_assignment(size: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    // Rows and columns count from 1; row 0 and column 0 stand for none.
    let (mut of_row, mut of_column) = (vec![0.0; size + 1], vec![0.0; size + 1]);
    let mut row_at = vec![0; size + 1];
    for row in 1..=size {
        let (mut least, mut from, mut is_used) =
            (vec![f64::INFINITY; size + 1], vec![0; size + 1], vec![false; size + 1]);
        row_at[0] = row;
        let mut column = 0;
        while row_at[column] != 0 {
            is_used[column] = true;
            let (mut step, mut next) = (f64::INFINITY, 0);
            for other in (1..=size).filter(|other| !is_used[*other]) {
                let current = row_at[column];
                let slack = cost(current - 1, other - 1) - of_row[current] - of_column[other];
                if slack < least[other] {
                    (least[other], from[other]) = (slack, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=size {
                if is_used[other] {
                    of_row[row_at[other]] += step;
                    of_column[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_at[column] = row_at[from[column]];
            column = from[column];
        }
    }
    let mut columns = vec![0; size];
    for column in 1..=size {
        columns[row_at[column] - 1] = column - 1;
    }
    columns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_moved_a_little_is_still_the_same() {
        let old = [vec![0.0, 0.0], vec![5.0, 0.0], vec![0.0, 5.0]];
        let new = [vec![0.3, 5.2], vec![0.1, -0.2], vec![5.5, 0.4], vec![9.0, 9.0]];
        assert_eq!(assigned(&new, &old, 4.0), [Some(2), Some(0), Some(1), None]);
    }

    #[test]
    fn what_is_far_from_everything_continues_nothing() {
        assert_eq!(assigned(&[vec![0.0]], &[vec![9.0]], 4.0), [None]);
        assert_eq!(assigned(&[vec![0.0]], &[vec![9.0], vec![1.0]], 4.0), [Some(1)]);
    }

    proptest! {
        #[test]
        fn no_other_assignment_costs_less(costs in prop::collection::vec(0_u32..50, 16)) {
            let cost = |row: usize, column: usize| f64::from(costs[row * 4 + column]);
            let sum = |columns: &[usize]| columns.iter().enumerate().map(|(row, column)| cost(row, *column)).sum::<f64>();
            let found = sum(&least_assignment(4, cost));
            for code in 0..256_usize {
                let columns = [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6];
                let mut seen = columns;
                seen.sort_unstable();
                prop_assert!(seen != [0, 1, 2, 3] || found <= sum(&columns));
            }
        }
    }
}
