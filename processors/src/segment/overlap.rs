//! Whether two datasets may have purchases in common.

use domain::dataset::{Column, ColumnRole};

/// Whether the days of two datasets meet; also when they are not known.
pub fn spans_meet(one: &[Column], other: &[Column]) -> bool {
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
