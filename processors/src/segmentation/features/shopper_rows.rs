//! The rows of shopper tables, collected by shopper and turned into features.

use std::collections::HashMap;

use anyhow::Context;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use domain::dataset::Column;
use ndarray::Array2;

use crate::segmentation::feature_table::{Feature, FeatureKind, FeatureTable};
use crate::segmentation::frame_batches::column;
use crate::segmentation::number_format::counted;

/// A column of more different texts than this has no categories.
const MAX_CATEGORIES: usize = 20;
/// A column of numbers may lack this share of them.
const MAX_MISSING: f64 = 1.0 / 3.0;
/// The category of shoppers without one.
const NO_CATEGORY: &str = "none";

/// What was read so far.
pub(crate) struct ShopperRows {
    features: Vec<String>,
    /// The categories of each feature by number, as they came; none for numbers.
    categories: Vec<Option<Vec<String>>>,
    /// A value per feature: a number, not a number where it is missing, or the number of a category.
    shoppers: HashMap<String, Vec<f64>>,
    /// Rows without a shopper.
    nameless: u64,
    /// Rows whose shopper came again.
    replaced: u64,
    /// All rows, which gives those without a shopper column their names.
    row_count: u64,
}

impl ShopperRows {
    /// Nothing was read. `columns` say which features are numbers.
    pub(crate) fn new(columns: &[Column], features: &[String]) -> Self {
        let is_number = |feature: &String| {
            let column = columns.iter().find(|column| column.name == *feature);
            column.is_none_or(|column| column.column_type.is_numeric())
        };
        Self {
            features: features.to_vec(),
            categories: features.iter().map(|feature| (!is_number(feature)).then(Vec::new)).collect(),
            shoppers: HashMap::new(),
            nameless: 0,
            replaced: 0,
            row_count: 0,
        }
    }

    /// Adds rows; without a column for the shopper each row is one.
    pub(crate) fn add(&mut self, batch: &RecordBatch, shopper: Option<&str>) -> anyhow::Result<()> {
        let mut columns = vec![];
        for (index, feature) in self.features.iter().enumerate() {
            columns.push(values(column(batch, feature)?, feature, self.categories[index].as_mut())?);
        }
        let shopper = shopper.map(|name| column(batch, name)).transpose()?;
        let options = FormatOptions::default();
        let names = shopper.map(|column| ArrayFormatter::try_new(column, &options)).transpose()?;
        for row in 0..batch.num_rows() {
            self.row_count += 1;
            if shopper.is_some_and(|column| column.is_null(row)) {
                self.nameless += 1;
                continue;
            }
            let name =
                names.as_ref().map_or_else(|| format!("row {}", self.row_count), |names| names.value(row).to_string());
            let features = columns.iter().map(|column| column[row]).collect();
            self.replaced += u64::from(self.shoppers.insert(name, features).is_some());
        }
        Ok(())
    }

    /// Whether texts are categories.
    pub(crate) fn check(&self) -> Result<(), String> {
        let too_many = |categories: &Option<Vec<String>>| {
            categories.as_ref().is_some_and(|categories| categories.len() > MAX_CATEGORIES)
        };
        match self.categories.iter().position(too_many) {
            Some(index) => Err(format!(
                "'{}' cannot be a feature: it has more than {MAX_CATEGORIES} different values, so they are no categories.",
                self.features[index]
            )),
            None => Ok(()),
        }
    }

    /// The shoppers as features: numbers as they are, a feature for each category.
    pub(crate) fn table(self) -> Result<FeatureTable, String> {
        let mut shoppers: Vec<(String, Vec<f64>)> = self.shoppers.into_iter().collect();
        let count = shoppers.len();
        let missing = |index: usize| shoppers.iter().filter(|(_, values)| values[index].is_nan()).count();
        let (kept, sparse): (Vec<usize>, Vec<usize>) =
            (0..self.features.len()).partition(|index| missing(*index) as f64 <= MAX_MISSING * count as f64);
        let sparse = sparse.iter().map(|index| &self.features[*index]);
        let mut notes: Vec<String> =
            sparse.map(|name| format!("More than a third of {name} is missing, so it was left out.")).collect();
        if kept.is_empty() {
            return Err(format!("There is nothing to compare shoppers by. {}", notes.join(" ")));
        }
        shoppers.retain(|(_, values)| kept.iter().all(|index| !values[*index].is_nan()));
        shoppers.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let incomplete = self.nameless + (count - shoppers.len()) as u64;
        let left_out = [
            (incomplete, "Left out because a value is missing"),
            (self.replaced, "Replaced by a later row of the same shopper"),
        ];
        let left_out = left_out.into_iter().filter(|(count, _)| *count > 0);
        notes.extend(left_out.map(|(count, what)| format!("{what}: {}.", counted(count, "row"))));
        let mut encoded = vec![];
        for index in kept {
            let values = shoppers.iter().map(|(_, values)| values[index]);
            encode(&self.features[index], self.categories[index].as_deref(), values, &mut encoded);
        }
        let values = Array2::from_shape_fn((shoppers.len(), encoded.len()), |(row, feature)| encoded[feature].1[row]);
        let features = encoded.into_iter().map(|(feature, _)| feature).collect();
        let shoppers = shoppers.into_iter().map(|(shopper, _)| shopper).collect();
        Ok(FeatureTable { shoppers, features, values, buyers: None, notes })
    }
}

/// A column as features with their values: of categories one for each, in alphabetical order (one-hot).
fn encode(
    name: &str,
    categories: Option<&[String]>,
    values: impl Iterator<Item = f64> + Clone,
    encoded: &mut Vec<(Feature, Vec<f64>)>,
) {
    let Some(categories) = categories else {
        encoded.push((Feature::number(name), values.collect()));
        return;
    };
    let mut sorted: Vec<(&String, usize)> = categories.iter().zip(0..).collect();
    sorted.sort();
    for (category, number) in sorted {
        let feature = Feature { name: format!("{name}: {category}"), kind: FeatureKind::Category };
        encoded.push((feature, values.clone().map(|value| f64::from(value == number as f64)).collect()));
    }
}

/// Numbers as they are, texts as the numbers of their categories.
fn values(column: &ArrayRef, name: &str, categories: Option<&mut Vec<String>>) -> anyhow::Result<Vec<f64>> {
    let Some(categories) = categories else {
        let numbers = cast(column, &DataType::Float64).with_context(|| format!("reading {name} as numbers"))?;
        let numbers = numbers.as_primitive::<Float64Type>();
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite()).unwrap_or(f64::NAN);
        return Ok(numbers.iter().map(finite).collect());
    };
    let texts = cast(column, &DataType::Utf8).with_context(|| format!("reading {name} as text"))?;
    let number = |text: Option<&str>| {
        let text = text.unwrap_or(NO_CATEGORY);
        let known = categories.iter().position(|other| other == text);
        // One more is enough to know that they are too many.
        if known.is_none() && categories.len() <= MAX_CATEGORIES {
            categories.push(text.to_owned());
        }
        known.unwrap_or(categories.len() - 1) as f64
    };
    Ok(texts.as_string::<i32>().iter().map(number).collect())
}
