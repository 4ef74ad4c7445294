//! How a file is written: what was found out and how sure that is, and what the content leaves open.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::terms::{Compression, DateOrder, DecimalMark, Escape, LineEnd};

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Dialect {
    /// How the content was packed; absent when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// The text encoding by its name in the WHATWG Encoding Standard, such as `UTF-8`.
    pub encoding: Finding<String>,
    /// What separates the fields: one or more characters, or `whitespace`.
    pub delimiter: Finding<String>,
    /// What encloses fields that hold delimiters or line ends: a character, or `none`.
    pub quote: Finding<String>,
    /// How a quote within a quoted field is written.
    pub escape: Finding<Escape>,
    /// How lines end.
    pub line_end: Finding<LineEnd>,
    /// The line with the names of the columns, from 1; 0 when there is none.
    pub header_line: Finding<u64>,
    /// The order of day and month, where columns hold such dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<Finding<DateOrder>>,
    /// The decimal mark, where columns hold such numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<Finding<DecimalMark>>,
}

/// What was found out, and how sure that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding<T> {
    /// What it is.
    pub value: T,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// What it rests on.
    pub basis: Basis,
}

impl<T> Finding<T> {
    /// A finding that rests on the content.
    pub fn detected(value: T, confidence: f64) -> Self {
        // Two digits say all that a person can use, and are the same on every machine.
        Self { value, confidence: (confidence.clamp(0.0, 1.0) * 100.0).round() / 100.0, basis: Basis::Detected }
    }

    /// What the file itself declares.
    pub fn declared(value: T) -> Self {
        Self { value, confidence: 1.0, basis: Basis::Declared }
    }

    /// What a person chose.
    pub fn chosen(value: T) -> Self {
        Self { value, confidence: 1.0, basis: Basis::Chosen }
    }
}

/// What a finding rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The content speaks for it.
    Detected,
    /// The file says so: a byte order mark, a line `sep=;`.
    Declared,
    /// A person said so.
    Chosen,
}

/// What the content leaves open, so that a person has to say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Question {
    /// The field of the dialect that answers it, such as `date_order`.
    pub about: String,
    /// The columns that it concerns.
    pub columns: Vec<String>,
    /// The question in words, with what was assumed.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_sure_it_is_in_two_digits() {
        assert_eq!(Finding::detected((), 0.98765).confidence, 0.99);
    }
}
