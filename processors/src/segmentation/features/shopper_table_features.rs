//! Shoppers from tables that hold one row each: chosen columns as features. Numbers are features as they are, texts of few
//! different values become a feature for each value (one-hot).
//!
//! Missing values: a column of numbers that lacks more than a third of them is left out; then a shopper who lacks a value is
//! left out. A missing text is a category of its own.

use std::collections::HashMap;

use anyhow::Context;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use domain::dataset::{Column, ColumnRole};
use ndarray::Array2;
use projections::{FrameId, Frames};

use crate::segmentation::feature_table::{Feature, FeatureKind, FeatureTable};
use crate::segmentation::frame_batches::{batches, column};
use crate::segmentation::input::{ReportDataset, SegmentError};
use crate::segmentation::number_format::counted;

/// A column of more different texts than this has no categories.
const MAX_CATEGORIES: usize = 20;
/// A column of numbers may lack this share of them.
const MAX_MISSING: f64 = 1.0 / 3.0;
/// The category of shoppers without one.
const NO_CATEGORY: &str = "none";

/// What was read so far.
struct ShopperRows {
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

/// Loads the shoppers of the datasets that have all these columns; of a shopper who comes twice the later row counts.
///
/// # Errors
/// When no dataset has the columns, when one holds dates or too many different texts, or when a frame cannot be read.
pub(crate) async fn load(
    frames: &Frames,
    datasets: &[&ReportDataset],
    features: &[String],
) -> Result<FeatureTable, SegmentError> {
    let mut features = features.to_vec();
    let mut seen = std::collections::HashSet::new();
    features.retain(|feature| seen.insert(feature.clone()));
    let usable = usable(datasets, &features).map_err(SegmentError::Unanswerable)?;
    let mut rows = ShopperRows::new(&usable[0].columns, &features);
    for dataset in &usable {
        read(frames, dataset, &features, &mut rows).await?;
        rows.check().map_err(SegmentError::Unanswerable)?;
    }
    let mut table = rows.table().map_err(SegmentError::Unanswerable)?;
    if usable.len() < datasets.len() {
        let left_out = counted((datasets.len() - usable.len()) as u64, "dataset");
        table.notes.push(format!("Without these columns and therefore left out: {left_out}."));
    }
    Ok(table)
}

fn usable<'a>(datasets: &[&'a ReportDataset], features: &[String]) -> Result<Vec<&'a ReportDataset>, String> {
    if datasets.is_empty() {
        return Err("None of the datasets is a shopper table, which has one row per shopper.".to_owned());
    }
    for feature in features {
        let columns =
            datasets.iter().filter_map(|dataset| column_index(dataset, feature).map(|index| &dataset.columns[index]));
        let Some(first) = columns.clone().next() else {
            return Err(format!("No shopper table has a column '{feature}'."));
        };
        if !columns.clone().all(|column| column.column_type.can_be_feature()) {
            return Err(format!("'{feature}' cannot be a feature: dates are neither numbers nor categories."));
        }
        if columns.clone().any(|column| column.column_type.is_numeric() != first.column_type.is_numeric()) {
            return Err(format!(
                "'{feature}' cannot be a feature: it holds numbers in one dataset and text in another."
            ));
        }
    }
    let complete = |dataset: &&&ReportDataset| features.iter().all(|feature| column_index(dataset, feature).is_some());
    let usable: Vec<&ReportDataset> = datasets.iter().filter(complete).copied().collect();
    if usable.is_empty() {
        return Err("No shopper table has all of these columns; ask about one dataset at a time.".to_owned());
    }
    Ok(usable)
}

fn column_index(dataset: &ReportDataset, name: &str) -> Option<usize> {
    dataset.columns.iter().position(|column| column.name == name)
}

async fn read(
    frames: &Frames,
    dataset: &ReportDataset,
    features: &[String],
    rows: &mut ShopperRows,
) -> anyhow::Result<()> {
    let shopper = dataset.columns.iter().find(|column| column.role == Some(ColumnRole::Shopper));
    let shopper = shopper.map(|column| column.name.as_str());
    let named = features.iter().map(String::as_str).chain(shopper);
    let mut indices: Vec<usize> = named.filter_map(|name| column_index(dataset, name)).collect();
    indices.sort_unstable();
    indices.dedup();
    let frame = FrameId::rows(dataset.dataset.dataset_id);
    let mut batches = batches(frames, &frame, &indices).await?;
    while let Some(batch) = batches.next().await? {
        add(rows, &batch, shopper)?;
    }
    Ok(())
}

fn add(rows: &mut ShopperRows, batch: &RecordBatch, shopper: Option<&str>) -> anyhow::Result<()> {
    let mut columns = vec![];
    for (index, feature) in rows.features.iter().enumerate() {
        columns.push(values(column(batch, feature)?, feature, rows.categories[index].as_mut())?);
    }
    let shopper = shopper.map(|name| column(batch, name)).transpose()?;
    let options = FormatOptions::default();
    let names = shopper.map(|column| ArrayFormatter::try_new(column, &options)).transpose()?;
    for row in 0..batch.num_rows() {
        rows.row_count += 1;
        if shopper.is_some_and(|column| column.is_null(row)) {
            rows.nameless += 1;
            continue;
        }
        let name =
            names.as_ref().map_or_else(|| format!("row {}", rows.row_count), |names| names.value(row).to_string());
        let features = columns.iter().map(|column| column[row]).collect();
        rows.replaced += u64::from(rows.shoppers.insert(name, features).is_some());
    }
    Ok(())
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

impl ShopperRows {
    fn new(columns: &[Column], features: &[String]) -> Self {
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

    /// Whether texts are categories.
    fn check(&self) -> Result<(), String> {
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

    fn table(self) -> Result<FeatureTable, String> {
        let mut shoppers: Vec<(String, Vec<f64>)> = self.shoppers.into_iter().collect();
        let count = shoppers.len();
        let missing = |index: usize| shoppers.iter().filter(|(_, values)| values[index].is_nan()).count();
        let (kept, sparse): (Vec<usize>, Vec<usize>) =
            (0..self.features.len()).partition(|index| missing(*index) as f64 <= MAX_MISSING * count as f64);
        let mut notes: Vec<String> = sparse
            .iter()
            .map(|index| format!("More than a third of {} is missing, so it was left out.", self.features[*index]))
            .collect();
        if kept.is_empty() {
            return Err(format!("There is nothing to compare shoppers by. {}", notes.join(" ")));
        }
        shoppers.retain(|(_, values)| kept.iter().all(|index| !values[*index].is_nan()));
        shoppers.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let incomplete = self.nameless + (count - shoppers.len()) as u64;
        for (count, what) in [
            (incomplete, "Left out because a value is missing"),
            (self.replaced, "Replaced by a later row of the same shopper"),
        ] {
            if count > 0 {
                notes.push(format!("{what}: {}.", counted(count, "row")));
            }
        }
        let (mut features, mut columns) = (vec![], vec![]);
        for index in kept {
            let values = || shoppers.iter().map(|(_, values)| values[index]);
            let Some(categories) = &self.categories[index] else {
                features.push(Feature::number(&self.features[index]));
                columns.push(values().collect::<Vec<f64>>());
                continue;
            };
            let mut sorted: Vec<(&String, usize)> = categories.iter().zip(0..).collect();
            sorted.sort();
            for (category, number) in sorted {
                features.push(Feature {
                    name: format!("{}: {category}", self.features[index]),
                    kind: FeatureKind::Category,
                });
                columns.push(values().map(|value| f64::from(value == number as f64)).collect());
            }
        }
        let values = Array2::from_shape_fn((shoppers.len(), features.len()), |(row, feature)| columns[feature][row]);
        let shoppers = shoppers.into_iter().map(|(shopper, _)| shopper).collect();
        Ok(FeatureTable { shoppers, features, values, buyers: None, notes })
    }
}
