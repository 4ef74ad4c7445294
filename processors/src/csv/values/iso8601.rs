//! Writes days and times as ISO 8601.

use chrono::DateTime;

use crate::csv::values::datetime::DAY_MICROS;

/// A day, given as days since 1970, as ISO 8601.
pub(crate) fn iso_date(days: i64) -> String {
    let time = DateTime::from_timestamp_micros(days.saturating_mul(DAY_MICROS));
    time.map(|time| time.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// A time, given as microseconds since 1970, as ISO 8601.
pub(crate) fn iso_datetime(micros: i64) -> String {
    let time = DateTime::from_timestamp_micros(micros);
    time.map(|time| time.format("%Y-%m-%dT%H:%M:%S%.f").to_string()).unwrap_or_default()
}
