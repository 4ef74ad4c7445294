//! From values in their units to points that can be compared: constant features left out, skew taken off, standardised.

use domain::report::{Scale, Scaling};
use ndarray::{Array2, ArrayView1, Axis};

use crate::segmentation::feature_table::{FeatureKind, FeatureTable};

/// Skewness from which a feature is clustered by its logarithm.
const SKEWED: f64 = 1.0;
/// Greater values would overflow when squared and summed.
const GREATEST: f64 = 1e100;

/// Leaves out the features in which all shoppers are equal, with a note.
///
/// # Errors
/// A sentence when nothing is left, or when values are too great to calculate with.
pub(crate) fn without_constants(mut table: FeatureTable) -> Result<FeatureTable, String> {
    let too_great =
        |column: ArrayView1<'_, f64>| column.iter().any(|value| !value.is_finite() || value.abs() > GREATEST);
    let constant = |column: ArrayView1<'_, f64>| column.iter().all(|value| *value == column[0]);
    let mut kept = vec![];
    for (index, column) in table.values.axis_iter(Axis(1)).enumerate() {
        let name = &table.features[index].name;
        if too_great(column) {
            return Err(format!("The values of {name} are too great to calculate with: they exceed {GREATEST:e}."));
        }
        if constant(column) {
            table.notes.push(format!("All shoppers have the same {name}, so it was left out."));
        } else {
            kept.push(index);
        }
    }
    if kept.is_empty() {
        return Err(format!(
            "All shoppers are equal in {}, so there is nothing to tell them apart by.",
            crate::segmentation::number_format::list(&table.names())
        ));
    }
    table.values = table.values.select(Axis(1), &kept).as_standard_layout().into_owned();
    table.features = kept.iter().map(|index| table.features[*index].clone()).collect();
    Ok(table)
}

/// The features as they are clustered, and how they came to be so.
pub(crate) fn scaled(table: &FeatureTable, scale: Scale) -> (Array2<f64>, Vec<Scaling>) {
    let mut values = table.values.clone();
    let mut scalings = vec![];
    for (mut column, feature) in values.axis_iter_mut(Axis(1)).zip(&table.features) {
        let is_number = feature.kind == FeatureKind::Number;
        let log1p = is_number && scale == Scale::Auto && wants_logarithm(column.view());
        if log1p {
            column.mapv_inplace(f64::ln_1p);
        }
        let (mean, deviation) = match scale {
            Scale::None => (0.0, 1.0),
            // Two shoppers of different categories are then as far apart as two shoppers are in a number, on average.
            _ if !is_number => (mean_and_deviation(column.view()).0, 1.0),
            Scale::Auto | Scale::Standard => mean_and_deviation(column.view()),
        };
        column.mapv_inplace(|value| (value - mean) / deviation);
        scalings.push(Scaling { feature: feature.name.clone(), log1p, mean, deviation });
    }
    (values, scalings)
}

/// A value in the units of the feature as it is in the clustered space.
pub(crate) fn scaled_value(value: f64, scaling: &Scaling) -> f64 {
    let value = if scaling.log1p { value.ln_1p() } else { value };
    (value - scaling.mean) / scaling.deviation
}

/// A value of the clustered space in the units of the feature.
pub(crate) fn unscaled(value: f64, scaling: &Scaling) -> f64 {
    let value = value * scaling.deviation + scaling.mean;
    if scaling.log1p { value.exp_m1() } else { value }
}

fn wants_logarithm(column: ArrayView1<'_, f64>) -> bool {
    let skew = skewness(column);
    column.iter().all(|value| *value >= 0.0) && skew > SKEWED && skewness(column.mapv(f64::ln_1p).view()).abs() < skew
}

/// Population skewness: the third standardised moment.
fn skewness(column: ArrayView1<'_, f64>) -> f64 {
    let (mean, deviation) = mean_and_deviation(column);
    column.iter().map(|value| ((value - mean) / deviation).powi(3)).sum::<f64>() / column.len() as f64
}

/// Mean and population standard deviation; a deviation too small to divide by is 1.
fn mean_and_deviation(column: ArrayView1<'_, f64>) -> (f64, f64) {
    let count = column.len() as f64;
    let mean = column.iter().sum::<f64>() / count;
    let variance = column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    (mean, if deviation > f64::MIN_POSITIVE { deviation } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::segmentation::feature_table::Feature;

    #[test]
    fn a_skewed_feature_is_clustered_by_its_logarithm() {
        let table = table(array![[1.0, 1.0], [2.0, 2.0], [4.0, 3.0], [8.0, 4.0], [900.0, 5.0], [20.0, 6.0]]);
        let (values, scaling) = scaled(&table, Scale::Auto);
        assert_eq!([scaling[0].log1p, scaling[1].log1p], [true, false]);
        for column in values.axis_iter(Axis(1)) {
            let (mean, deviation) = mean_and_deviation(column);
            assert!(mean.abs() < 1e-12 && (deviation - 1.0).abs() < 1e-12);
        }
        assert!((unscaled(values[[4, 0]], &scaling[0]) - 900.0).abs() < 1e-9);
        assert!((scaled_value(900.0, &scaling[0]) - values[[4, 0]]).abs() < 1e-12);
    }

    #[test]
    fn categories_are_centred_and_not_stretched() {
        let mut table = table(array![[1.0], [0.0], [0.0], [0.0]]);
        table.features[0].kind = FeatureKind::Category;
        assert_eq!(scaled(&table, Scale::Auto).0, array![[0.75], [-0.25], [-0.25], [-0.25]]);
    }

    #[test]
    fn negative_values_have_no_logarithm() {
        let table = table(array![[-1.0], [2.0], [4.0], [8.0], [900.0], [20.0]]);
        assert!(!scaled(&table, Scale::Auto).1[0].log1p);
    }

    #[test]
    fn unscaled_features_stay_as_they_are() {
        let table = table(array![[1.0], [2.0], [900.0]]);
        assert_eq!(scaled(&table, Scale::None).0, table.values);
    }

    #[test]
    fn a_constant_feature_is_left_out_with_a_note() {
        let table = without_constants(table(array![[1.0, 5.0], [2.0, 5.0]])).unwrap();
        assert_eq!(table.names(), ["f0"]);
        assert_eq!(table.notes, ["All shoppers have the same f1, so it was left out."]);
    }

    #[test]
    fn equal_shoppers_cannot_be_grouped() {
        let reason = without_constants(table(array![[1.0, 5.0], [1.0, 5.0]])).unwrap_err();
        assert!(reason.contains("f0 and f1"), "{reason}");
    }

    #[test]
    fn values_that_would_overflow_are_refused() {
        assert!(without_constants(table(array![[1e300], [1.0]])).is_err());
    }

    fn table(values: Array2<f64>) -> FeatureTable {
        FeatureTable {
            shoppers: (0..values.nrows()).map(|row| row.to_string()).collect(),
            features: (0..values.ncols()).map(|column| Feature::number(format!("f{column}"))).collect(),
            values,
            ..FeatureTable::default()
        }
    }
}
