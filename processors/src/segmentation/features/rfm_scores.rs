//! The RFM grid: every shopper scored for recency, frequency and monetary, and named by a cell of the grid.

use domain::report::RfmGroup;
use domain::rfm::RfmGrid;

use crate::segmentation::feature_table::Buyers;

/// The names of all shoppers.
#[derive(Clone, Debug)]
pub(crate) struct RfmLabels {
    /// The different names of the grid, best first.
    pub names: Vec<String>,
    /// The index among them of each shopper's name.
    pub indices: Vec<u8>,
}

/// Names shoppers by a grid.
///
/// The score of frequency and monetary is the mean of the two, rounded up, as one order of great value is worth as much
/// attention as many small ones.
pub(crate) fn named(buyers: &Buyers, grid: &RfmGrid) -> RfmLabels {
    let names = grid.names();
    let index = |name: &String| names.iter().position(|other| other == name).unwrap_or_default() as u8;
    let indices = grid.cells.each_ref().map(|row| row.each_ref().map(index));
    let cuts = grid.cuts.as_ref();
    let recency = scores(&buyers.recency, cuts.map(|cuts| &cuts.recency));
    let frequency = scores(&buyers.frequency, cuts.map(|cuts| &cuts.frequency));
    let monetary = scores(&buyers.monetary, cuts.map(|cuts| &cuts.monetary));
    let name = |shopper: usize| {
        let recent = 5 - recency[shopper];
        let value = (frequency[shopper] + monetary[shopper]).div_ceil(2) - 1;
        indices[usize::from(recent)][usize::from(value)]
    };
    RfmLabels { indices: (0..recency.len()).map(name).collect(), names }
}

/// Scores from 1 (least) to 5 (greatest): one more for each limit that is reached, or by fifths of the shoppers.
fn scores(values: &[f64], limits: Option<&[f64; 4]>) -> Vec<u8> {
    match limits {
        Some(limits) => {
            values.iter().map(|value| 1 + limits.iter().filter(|limit| value >= limit).count() as u8).collect()
        }
        None => quintiles(values),
    }
}

/// Scores from 1 (least) to 5 (greatest) by the share of values below, where equal values count half: so equal values get
/// equal scores, and a fifth of different values gets each score.
pub(crate) fn quintiles(values: &[f64]) -> Vec<u8> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let score = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let through = sorted.partition_point(|other| other <= value);
        1 + (5 * (below + through) / (2 * sorted.len())).min(4) as u8
    };
    values.iter().map(score).collect()
}

/// All groups, best first, also empty ones. `spend` is in micros.
pub(crate) fn groups(named: &RfmLabels, spend: &[i64]) -> Vec<RfmGroup> {
    let total: i128 = spend.iter().map(|micros| i128::from(*micros)).sum();
    let mut sums = vec![(0_u64, 0_i128); named.names.len()];
    for (index, micros) in named.indices.iter().zip(spend) {
        let (size, revenue) = &mut sums[usize::from(*index)];
        *size += 1;
        *revenue += i128::from(*micros);
    }
    let group = |(name, (size, revenue)): (&String, (u64, i128))| RfmGroup {
        name: name.clone(),
        size,
        share: size as f64 / named.indices.len().max(1) as f64,
        revenue_share: revenue as f64 / total.max(1) as f64,
    };
    named.names.iter().zip(sums).map(group).collect()
}

#[cfg(test)]
mod tests {
    use domain::rfm::RfmCuts;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_score_gets_a_fifth_of_different_values() {
        let values: Vec<f64> = (0..100).rev().map(f64::from).collect();
        let scores = quintiles(&values);
        for score in 1..=5 {
            assert_eq!(scores.iter().filter(|other| **other == score).count(), 20);
        }
        assert_eq!((scores[0], scores[99]), (5, 1));
    }

    #[test]
    fn shoppers_of_one_value_are_in_the_middle() {
        assert_eq!(quintiles(&[7.0; 12]), [3; 12]);
    }

    #[test]
    fn most_shoppers_with_one_order_do_not_push_the_others_apart() {
        let mut orders = vec![1.0; 60];
        orders.extend([2.0; 20]);
        orders.extend([9.0; 20]);
        let scores = quintiles(&orders);
        assert_eq!((scores[0], scores[60], scores[80]), (2, 4, 5));
    }

    #[test]
    fn the_best_are_champions_and_the_gone_hibernate() {
        let named = named(&buyers(), &RfmGrid::default());
        let name = |shopper: usize| named.names[usize::from(named.indices[shopper])].as_str();
        assert_eq!((name(0), name(49)), ("champions", "hibernating"));
    }

    #[test]
    fn a_customer_cuts_and_names_for_itself() {
        let mut grid = RfmGrid::default();
        grid.cells[4][4] = "VIP".into();
        let high = [1e9; 4];
        grid.cuts = Some(RfmCuts { recency: [3.0, 10.0, 20.0, 30.0], frequency: [0.0; 4], monetary: high });
        let named = named(&buyers(), &grid);
        let counts = groups(&named, &[1_000_000; 50]);
        // Frequency scores 5, monetary 1, so value is 3; within three days recency scores 5.
        assert_eq!(counts.iter().find(|group| group.name == "potential_loyalist").unwrap().size, 3 + 7);
        assert_eq!(counts.iter().find(|group| group.name == "VIP").unwrap().size, 0);
    }

    #[test]
    fn groups_add_up() {
        let names = ["best", "new", "gone"].map(str::to_owned).to_vec();
        let named = RfmLabels { names, indices: vec![0, 0, 2, 1] };
        let groups = groups(&named, &[5_000_000, 1_000_000, 2_000_000, 2_000_000]);
        assert_eq!(groups.iter().map(|group| group.size).sum::<u64>(), 4);
        assert_eq!((groups[0].size, groups[0].revenue_share), (2, 0.6));
    }

    fn buyers() -> Buyers {
        let days: Vec<f64> = (0..50).map(f64::from).collect();
        let much: Vec<f64> = (0..50).rev().map(f64::from).collect();
        Buyers { recency: days, frequency: much.clone(), monetary: much, ..Buyers::default() }
    }

    proptest! {
        #[test]
        fn scores_follow_the_values(values in prop::collection::vec(0_u8..20, 1..200)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let scores = quintiles(&values);
            for (a, score) in values.iter().zip(&scores) {
                prop_assert!((1..=5).contains(score));
                for (b, lower) in values.iter().zip(&scores) {
                    prop_assert!(a != b || score == lower);
                    prop_assert!(a <= b || score >= lower);
                }
            }
        }
    }
}
