//! The classic RFM grid: every shopper scored by quintiles and given one of ten names.

use domain::report::RfmGroup;

/// The ten names, best first.
pub const NAMES: [&str; 10] = [
    "champions",
    "loyal",
    "potential_loyalist",
    "new",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cant_lose_them",
    "hibernating",
];

/// The name of each cell, as an index of [`NAMES`]: a row per score of recency from 1 (long ago) to 5 (just now), in it
/// a column per score of frequency and monetary together from 1 (little) to 5 (much).
const GRID: [[u8; 5]; 5] = [
    [9, 9, 7, 7, 8], // last seen longest ago
    [9, 9, 7, 7, 8],
    [6, 6, 5, 1, 1],
    [4, 2, 2, 1, 1],
    [3, 2, 2, 0, 0], // seen just now
];

/// The place in [`NAMES`] of each shopper, from recency (days), frequency (orders) and monetary (money).
///
/// The score of frequency and monetary is the mean of the two, rounded up, as one order of great value is worth as much
/// attention as many small ones.
pub fn names(recency: &[f64], frequency: &[f64], monetary: &[f64]) -> Vec<u8> {
    let recency = quintiles(recency);
    let frequency = quintiles(frequency);
    let monetary = quintiles(monetary);
    let name = |shopper: usize| {
        let recent = 5 - recency[shopper];
        let value = (frequency[shopper] + monetary[shopper]).div_ceil(2) - 1;
        GRID[usize::from(recent)][usize::from(value)]
    };
    (0..recency.len()).map(name).collect()
}

/// Scores from 1 (least) to 5 (greatest) by the share of values below, where equal values count half: so equal values get
/// equal scores, and a fifth of different values gets each score.
pub fn quintiles(values: &[f64]) -> Vec<u8> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let score = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let through = sorted.partition_point(|other| other <= value);
        1 + (5 * (below + through) / (2 * sorted.len())).min(4) as u8
    };
    values.iter().map(score).collect()
}

/// All ten groups in the order of [`NAMES`], also empty ones. `spend` is in micros.
pub fn groups(names: &[u8], spend: &[i64]) -> Vec<RfmGroup> {
    let total: i128 = spend.iter().map(|micros| i128::from(*micros)).sum();
    let group = |(index, name): (usize, &&str)| {
        let members = || names.iter().zip(spend).filter(|(other, _)| usize::from(**other) == index);
        let size = members().count() as u64;
        let revenue: i128 = members().map(|(_, micros)| i128::from(*micros)).sum();
        RfmGroup {
            name: (*name).to_owned(),
            size,
            share: size as f64 / names.len().max(1) as f64,
            revenue_share: revenue as f64 / total.max(1) as f64,
        }
    };
    NAMES.iter().enumerate().map(group).collect()
}

#[cfg(test)]
mod tests {
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
    fn every_name_has_a_cell() {
        for name in 0..NAMES.len() as u8 {
            assert!(GRID.iter().flatten().any(|cell| *cell == name), "{}", NAMES[usize::from(name)]);
        }
    }

    #[test]
    fn the_best_are_champions_and_the_gone_hibernate() {
        let days: Vec<f64> = (0..50).map(f64::from).collect();
        let much: Vec<f64> = (0..50).rev().map(f64::from).collect();
        let names = names(&days, &much, &much);
        assert_eq!(NAMES[usize::from(names[0])], "champions");
        assert_eq!(NAMES[usize::from(names[49])], "hibernating");
    }

    #[test]
    fn groups_add_up() {
        let groups = groups(&[0, 0, 9, 3], &[5_000_000, 1_000_000, 2_000_000, 2_000_000]);
        assert_eq!(groups.iter().map(|group| group.size).sum::<u64>(), 4);
        assert_eq!((groups[0].size, groups[0].revenue_share), (2, 0.6));
    }

    proptest! {
        #[test]
        fn scores_follow_the_values(values in prop::collection::vec(0_u8..20, 1..200)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let scores = quintiles(&values);
            for (one, score) in values.iter().zip(&scores) {
                prop_assert!((1..=5).contains(score));
                for (other, lower) in values.iter().zip(&scores) {
                    prop_assert!(one != other || score == lower);
                    prop_assert!(one <= other || score >= lower);
                }
            }
        }
    }
}
