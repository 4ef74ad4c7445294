//! The terms in which a dialect is described: what a file can be packed in, quoted, escaped and written with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The delimiter of files whose columns are aligned with spaces.
pub const WHITESPACE: &str = "whitespace";
/// The quote of files that have none.
pub const NO_QUOTE: &str = "none";

/// How a content may be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The one file in a ZIP archive.
    Zip,
}

/// How a quote within a quoted field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Escape {
    /// Twice, as in RFC 4180.
    Doubled,
    /// Behind a backslash.
    Backslash,
}

/// How lines end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// `\n`, or `\r\n`; a `\r` alone belongs to a cell.
    Lf,
    /// `\r` alone; a `\n` belongs to a cell.
    Cr,
    /// `\n`, `\r\n` or `\r`.
    Any,
}

/// The order of day and month in dates that do not begin with the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 31/12/2020.
    DayMonthYear,
    /// 12/31/2020.
    MonthDayYear,
}

/// The decimal mark of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum DecimalMark {
    /// `1.5`; a comma separates thousands.
    #[serde(rename = ".")]
    Dot,
    /// `1,5`; a dot separates thousands.
    #[serde(rename = ",")]
    Comma,
}
