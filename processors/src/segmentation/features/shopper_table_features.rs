//! Shoppers from tables that hold one row each: chosen columns as features. Numbers are features as they are, texts of few
//! different values become a feature for each value (one-hot).
//!
//! Missing values: a column of numbers that lacks more than a third of them is left out; then a shopper who lacks a value is
//! left out. A missing text is a category of its own.

use domain::dataset::ColumnRole;
use projections::{FrameId, Frames};

use super::shopper_rows::ShopperRows;
use crate::segmentation::feature_table::FeatureTable;
use crate::segmentation::frame_batches::batches;
use crate::segmentation::input::{ReportDataset, SegmentError};
use crate::segmentation::number_format::counted;

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
        rows.add(&batch, shopper)?;
    }
    Ok(())
}
