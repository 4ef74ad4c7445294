//! Writes days and moments as ISO 8601.

use chrono::DateTime;

use crate::csv::values::datetime::DAY;

/// A day, given as days since 1970, as ISO 8601.
pub fn iso_date(days: i64) -> String {
    let moment = DateTime::from_timestamp_micros(days.saturating_mul(DAY));
    moment.map(|moment| moment.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// A moment, given as microseconds since 1970, as ISO 8601.
pub fn iso_datetime(micros: i64) -> String {
    let moment = DateTime::from_timestamp_micros(micros);
    moment.map(|moment| moment.format("%Y-%m-%dT%H:%M:%S%.f").to_string()).unwrap_or_default()
}
