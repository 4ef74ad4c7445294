//! Which datasets have orders in common, as far as that is known or their days allow.

use domain::dataset::{Column, ColumnRole};

use super::input::ReportDataset;

/// Datasets that share orders, directly or through others, together; the others alone.
pub(crate) fn groups<'a>(datasets: &[&'a ReportDataset]) -> Vec<Vec<&'a ReportDataset>> {
    let mut groups: Vec<Vec<&ReportDataset>> = vec![];
    for dataset in datasets {
        let (mut together, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.iter().any(|other| may_share_orders(dataset, other)));
        let mut own: Vec<&ReportDataset> = together.drain(..).flatten().collect();
        own.push(dataset);
        groups = apart;
        groups.push(own);
    }
    for group in &mut groups {
        let index = |dataset: &&ReportDataset| datasets.iter().position(|other| std::ptr::eq(*other, *dataset));
        group.sort_by_key(index);
    }
    groups
}

/// Whether two datasets have orders in common, or may have because nobody looked yet.
fn may_share_orders(a: &ReportDataset, b: &ReportDataset) -> bool {
    let names = |a: &ReportDataset, b: &ReportDataset| {
        let known = a.overlaps.iter().flatten();
        known.clone().any(|overlap| overlap.dataset_id == b.dataset.dataset_id)
    };
    let is_known = a.overlaps.is_some() && b.overlaps.is_some();
    a.store_id == b.store_id && (names(a, b) || names(b, a) || (!is_known && spans_meet(&a.columns, &b.columns)))
}

/// Whether the days of two datasets meet; also when they are not known.
pub(crate) fn spans_meet(a: &[Column], b: &[Column]) -> bool {
    let span = |columns: &[Column]| {
        let time = columns.iter().find(|column| column.role == Some(ColumnRole::Time))?;
        // The day of a date or of a moment, in ISO 8601, which sorts as time does.
        let day = |value: &serde_json::Value| Some(value.as_str()?.get(..10)?.to_owned());
        Some((day(&time.min)?, day(&time.max)?))
    };
    match (span(a), span(b)) {
        (Some((first_a, last_a)), Some((first_b, last_b))) => first_a <= last_b && first_b <= last_a,
        _ => true,
    }
}
