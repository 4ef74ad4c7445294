//! How the shoppers of each segment lie among all shoppers, feature by feature.

use ndarray::Axis;

use crate::segmentation::feature_table::{FeatureKind, FeatureTable};
use crate::segmentation::naming::profile::Profile;

/// The profile of each segment, given by its members.
pub(crate) fn profiles(table: &FeatureTable, members: &[Vec<usize>]) -> Vec<Profile> {
    let columns: Vec<Vec<f64>> = table.values.axis_iter(Axis(1)).map(|column| column.to_vec()).collect();
    let sorted = |column: &[f64]| {
        let mut column = column.to_vec();
        column.sort_by(f64::total_cmp);
        column
    };
    let all: Vec<Vec<f64>> = columns.iter().map(|column| sorted(column)).collect();
    let of_rfm = table.buyers.as_ref().map(|buyers| [&buyers.recency, &buyers.frequency, &buyers.monetary]);
    let all_of_rfm = of_rfm.map(|columns| columns.map(|column| sorted(column)));
    let total = table.spend().map(|spend| sum_of(spend.iter()));
    let profile = |members: &Vec<usize>| {
        let own = |column: &[f64]| sorted(&members.iter().map(|index| column[*index]).collect::<Vec<_>>());
        let own_columns: Vec<Vec<f64>> = columns.iter().map(|column| own(column)).collect();
        let medians: Vec<f64> = own_columns.iter().map(|column| median(column)).collect();
        let positions = (0..columns.len()).map(|index| match table.features[index].kind {
            FeatureKind::Number => position(medians[index], &all[index]),
            // How much larger the category's share is than among all shoppers.
            FeatureKind::Category => 0.5 + mean(&own_columns[index]) - mean(&all[index]),
        });
        let rfm = of_rfm
            .zip(all_of_rfm.as_ref())
            .map(|(columns, all)| [0, 1, 2].map(|index: usize| position(median(&own(columns[index])), &all[index])));
        let spent = table.spend().map(|spend| sum_of(members.iter().map(|index| &spend[*index])));
        Profile {
            size: members.len() as u64,
            share: members.len() as f64 / table.count() as f64,
            revenue_share: spent.zip(total).map(|(spent, total)| spent as f64 / total.max(1) as f64),
            positions: positions.collect(),
            means: own_columns.iter().map(|column| mean(column)).collect(),
            overall: all.iter().map(|column| median(column)).collect(),
            medians,
            rfm,
        }
    };
    members.iter().map(profile).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The sum of amounts in micros.
pub(crate) fn sum_of<'a>(micros: impl Iterator<Item = &'a i64>) -> i128 {
    micros.map(|micros| i128::from(*micros)).sum()
}

/// The middle of sorted values, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[len / 2],
        len => f64::midpoint(sorted[len / 2 - 1], sorted[len / 2]),
    }
}

/// The share of sorted values below a value; equal ones count half.
fn position(value: f64, sorted: &[f64]) -> f64 {
    let below = sorted.partition_point(|other| *other < value);
    let through = sorted.partition_point(|other| *other <= value);
    (below + through) as f64 / (2 * sorted.len()) as f64
}
