//! Shoppers from tables that hold one row each: chosen numeric columns as features.

use std::collections::HashMap;

use anyhow::Context;
use arrow::array::{Array, AsArray, Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use domain::dataset::ColumnRole;
use ndarray::Array2;
use projections::{FrameId, Frames};

use super::answer::{ReportDataset, SegmentError};
use super::frame::{batches, column};
use super::table::Table;
use super::words::counted;

/// What was read so far.
#[derive(Default)]
struct Reading {
    shoppers: HashMap<String, Vec<f64>>,
    /// Rows without a value in some feature, or without a shopper.
    incomplete: u64,
    /// Rows whose shopper came again.
    replaced: u64,
    /// All rows, which gives those without a shopper column their names.
    rows: u64,
}

/// Loads the shoppers of the datasets that have all these columns; of a shopper who comes twice the later row counts.
///
/// # Errors
/// When no dataset has the columns, when one does not hold numbers, or when a frame cannot be read.
pub async fn load(frames: &Frames, datasets: &[&ReportDataset], features: &[String]) -> Result<Table, SegmentError> {
    let mut features = features.to_vec();
    let mut seen = std::collections::HashSet::new();
    features.retain(|feature| seen.insert(feature.clone()));
    let usable = usable(datasets, &features).map_err(SegmentError::Unanswerable)?;
    let mut reading = Reading::default();
    for dataset in &usable {
        read(frames, dataset, &features, &mut reading).await?;
    }
    let mut table = table(reading, features);
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
        match columns.clone().next() {
            None => return Err(format!("No shopper table has a column '{feature}'.")),
            Some(_) if columns.clone().any(|column| !column.column_type.is_numeric()) => {
                return Err(format!("'{feature}' cannot be a feature: it does not hold numbers."));
            }
            Some(_) => {}
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
        add(reading, &batch, features, shopper)?;
    }
    Ok(())
}

fn add(reading: &mut Reading, batch: &RecordBatch, features: &[String], shopper: Option<&str>) -> anyhow::Result<()> {
    let values: Vec<Float64Array> = features.iter().map(|name| numbers(batch, name)).collect::<Result<_, _>>()?;
    let shopper = shopper.map(|name| column(batch, name)).transpose()?;
    let options = FormatOptions::default();
    let names = shopper.map(|column| ArrayFormatter::try_new(column, &options)).transpose()?;
    for row in 0..batch.num_rows() {
        reading.rows += 1;
        let complete = values.iter().all(|column| column.is_valid(row) && column.value(row).is_finite());
        if !complete || shopper.is_some_and(|column| column.is_null(row)) {
            reading.incomplete += 1;
            continue;
        }
        let name = names.as_ref().map_or_else(|| format!("row {}", reading.rows), |names| names.value(row).to_string());
        let features = values.iter().map(|column| column.value(row)).collect();
        reading.replaced += u64::from(reading.shoppers.insert(name, features).is_some());
    }
    Ok(())
}

fn numbers(batch: &RecordBatch, name: &str) -> anyhow::Result<Float64Array> {
    let numbers =
        cast(column(batch, name)?, &DataType::Float64).with_context(|| format!("reading {name} as numbers"))?;
    Ok(numbers.as_primitive::<Float64Type>().clone())
}

fn table(reading: Reading, features: Vec<String>) -> Table {
    let mut shoppers: Vec<(String, Vec<f64>)> = reading.shoppers.into_iter().collect();
    shoppers.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let values = Array2::from_shape_fn((shoppers.len(), features.len()), |(row, feature)| shoppers[row].1[feature]);
    let mut notes = vec![];
    if reading.incomplete > 0 {
        let rows = counted(reading.incomplete, "row");
        notes.push(format!("Left out because a value is missing: {rows}."));
    }
    if reading.replaced > 0 {
        let rows = counted(reading.replaced, "row");
        notes.push(format!("Replaced by a later row of the same shopper: {rows}."));
    }
    let shoppers = shoppers.into_iter().map(|(shopper, _)| shopper).collect();
    Table { shoppers, features, values, spend: None, as_of: None, notes }
}
