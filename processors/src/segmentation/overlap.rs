//! Which datasets have orders in common, as far as that is known or their days allow.

use domain::dataset::{Column, ColumnRole};

use super::input::ReportDataset;

/// Datasets that share orders, directly or through others, together; the others alone.
pub(crate) fn groups<'a>(datasets: &[&'a ReportDataset]) -> Vec<Vec<&'a ReportDataset>> {
    let mut groups: Vec<Vec<&ReportDataset>> = vec![];
    for dataset in datasets {
        let (mut together, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.iter().any(|other| overlap(dataset, other)));
        let mut own: Vec<&ReportDataset> = together.drain(..).flatten().collect();
        own.push(dataset);
        groups = apart;
        groups.push(own);
    }
    for group in &mut groups {
        let place = |dataset: &&ReportDataset| datasets.iter().position(|other| std::ptr::eq(*other, *dataset));
        group.sort_by_key(place);
    }
    groups
}

/// Whether two datasets have orders in common, or may have because nobody looked yet.
fn overlap(one: &ReportDataset, other: &ReportDataset) -> bool {
    let names = |one: &ReportDataset, other: &ReportDataset| {
        let known = one.overlaps.iter().flatten();
        known.clone().any(|overlap| overlap.dataset_id == other.dataset.dataset_id)
    };
    let is_known = one.overlaps.is_some() && other.overlaps.is_some();
    one.store_id == other.store_id
        && (names(one, other) || names(other, one) || (!is_known && spans_meet(&one.columns, &other.columns)))
}

/// Whether the days of two datasets meet; also when they are not known.
pub(crate) fn spans_meet(one: &[Column], other: &[Column]) -> bool {
    let span = |columns: &[Column]| {
        let time = columns.iter().find(|column| column.role == Some(ColumnRole::Time))?;
        // The day of a date or of a moment, in ISO 8601, which sorts as time does.
        let day = |value: &serde_json::Value| Some(value.as_str()?.get(..10)?.to_owned());
        Some((day(&time.min)?, day(&time.max)?))
    };
    match (span(one), span(other)) {
        (Some((first, last)), Some((other_first, other_last))) => first <= other_last && other_first <= last,
        _ => true,
    }
}
