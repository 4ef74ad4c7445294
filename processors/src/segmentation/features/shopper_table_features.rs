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

use crate::segmentation::feature_table::{Feature, Kind, Table};
use crate::segmentation::frame_batches::{batches, column};
use crate::segmentation::input::{ReportDataset, SegmentError};
use crate::segmentation::number_format::counted;

/// A column of more different texts than this has no categories.
const MOST_CATEGORIES: usize = 20;
/// A column of numbers may lack this share of them.
const MOST_MISSING: f64 = 1.0 / 3.0;
/// The category of shoppers without one.
const NO_CATEGORY: &str = "none";

/// What was read so far.
struct Reading {
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
    rows: u64,
}

/// Loads the shoppers of the datasets that have all these columns; of a shopper who comes twice the later row counts.
///
/// # Errors
/// When no dataset has the columns, when one holds dates or too many different texts, or when a frame cannot be read.
pub async fn load(frames: &Frames, datasets: &[&ReportDataset], features: &[String]) -> Result<Table, SegmentError> {
    let mut features = features.to_vec();
    let mut seen = std::collections::HashSet::new();
    features.retain(|feature| seen.insert(feature.clone()));
    let usable = usable(datasets, &features).map_err(SegmentError::Unanswerable)?;
    let mut reading = Reading::new(&usable[0].columns, &features);
    for dataset in &usable {
        read(frames, dataset, &features, &mut reading).await?;
        reading.check().map_err(SegmentError::Unanswerable)?;
    }
    let mut table = reading.table().map_err(SegmentError::Unanswerable)?;
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
            datasets.iter().filter_map(|dataset| place(dataset, feature).map(|place| &dataset.columns[place]));
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
    let complete = |dataset: &&&ReportDataset| features.iter().all(|feature| place(dataset, feature).is_some());
    let usable: Vec<&ReportDataset> = datasets.iter().filter(complete).copied().collect();
    if usable.is_empty() {
        return Err("No shopper table has all of these columns; ask about one dataset at a time.".to_owned());
    }
    Ok(usable)
}

fn place(dataset: &ReportDataset, name: &str) -> Option<usize> {
    dataset.columns.iter().position(|column| column.name == name)
}

async fn read(
    frames: &Frames,
    dataset: &ReportDataset,
    features: &[String],
    reading: &mut Reading,
) -> anyhow::Result<()> {
    let shopper = dataset.columns.iter().find(|column| column.role == Some(ColumnRole::Shopper));
    let shopper = shopper.map(|column| column.name.as_str());
    let named = features.iter().map(String::as_str).chain(shopper);
    let mut places: Vec<usize> = named.filter_map(|name| place(dataset, name)).collect();
    places.sort_unstable();
    places.dedup();
    let frame = FrameId::rows(dataset.dataset.dataset_id);
    let mut batches = batches(frames, &frame, &places).await?;
    while let Some(batch) = batches.next().await? {
        add(reading, &batch, shopper)?;
    }
    Ok(())
}

fn add(reading: &mut Reading, batch: &RecordBatch, shopper: Option<&str>) -> anyhow::Result<()> {
    let mut columns = vec![];
    for (place, feature) in reading.features.iter().enumerate() {
        columns.push(values(column(batch, feature)?, feature, reading.categories[place].as_mut())?);
    }
    let shopper = shopper.map(|name| column(batch, name)).transpose()?;
    let options = FormatOptions::default();
    let names = shopper.map(|column| ArrayFormatter::try_new(column, &options)).transpose()?;
    for row in 0..batch.num_rows() {
        reading.rows += 1;
        if shopper.is_some_and(|column| column.is_null(row)) {
            reading.nameless += 1;
            continue;
        }
        let name = names.as_ref().map_or_else(|| format!("row {}", reading.rows), |names| names.value(row).to_string());
        let features = columns.iter().map(|column| column[row]).collect();
        reading.replaced += u64::from(reading.shoppers.insert(name, features).is_some());
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
        if known.is_none() && categories.len() <= MOST_CATEGORIES {
            categories.push(text.to_owned());
        }
        known.unwrap_or(categories.len() - 1) as f64
    };
    Ok(texts.as_string::<i32>().iter().map(number).collect())
}

impl Reading {
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
            rows: 0,
        }
    }

    /// Whether texts are categories.
    fn check(&self) -> Result<(), String> {
        let too_many = |categories: &Option<Vec<String>>| {
            categories.as_ref().is_some_and(|categories| categories.len() > MOST_CATEGORIES)
        };
        match self.categories.iter().position(too_many) {
            Some(place) => Err(format!(
                "'{}' cannot be a feature: it has more than {MOST_CATEGORIES} different values, so they are no categories.",
                self.features[place]
            )),
            None => Ok(()),
        }
    }

    fn table(self) -> Result<Table, String> {
        let mut shoppers: Vec<(String, Vec<f64>)> = self.shoppers.into_iter().collect();
        let count = shoppers.len();
        let missing = |place: usize| shoppers.iter().filter(|(_, values)| values[place].is_nan()).count();
        let (kept, sparse): (Vec<usize>, Vec<usize>) =
            (0..self.features.len()).partition(|place| missing(*place) as f64 <= MOST_MISSING * count as f64);
        let mut notes: Vec<String> = sparse
            .iter()
            .map(|place| format!("More than a third of {} is missing, so it was left out.", self.features[*place]))
            .collect();
        if kept.is_empty() {
            return Err(format!("There is nothing to compare shoppers by. {}", notes.join(" ")));
        }
        shoppers.retain(|(_, values)| kept.iter().all(|place| !values[*place].is_nan()));
        shoppers.sort_unstable_by(|one, other| one.0.cmp(&other.0));
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
        for place in kept {
            let values = || shoppers.iter().map(|(_, values)| values[place]);
            let Some(categories) = &self.categories[place] else {
                features.push(Feature::number(&self.features[place]));
                columns.push(values().collect::<Vec<f64>>());
                continue;
            };
            let mut sorted: Vec<(&String, usize)> = categories.iter().zip(0..).collect();
            sorted.sort();
            for (category, number) in sorted {
                features.push(Feature { name: format!("{}: {category}", self.features[place]), kind: Kind::Category });
                columns.push(values().map(|value| f64::from(value == number as f64)).collect());
            }
        }
        let values = Array2::from_shape_fn((shoppers.len(), features.len()), |(row, feature)| columns[feature][row]);
        let shoppers = shoppers.into_iter().map(|(shopper, _)| shopper).collect();
        Ok(Table { shoppers, features, values, buyers: None, notes })
    }
}
