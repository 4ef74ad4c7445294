//! How a file is written: what was found out, how sure that is, and what a person chose instead.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Invalid;

/// The delimiter of files whose columns are aligned with spaces.
pub const WHITESPACE: &str = "whitespace";
/// The quote of files that have none.
pub const NO_QUOTE: &str = "none";
/// Bytes of the longest delimiter.
const DELIMITER_MAX_BYTES: usize = 8;
/// The last line that can be a header.
const HEADER_LINE_MAX: u64 = 1_000;

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

/// What a person says about how a file is written; what is absent is found out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DialectChoice {
    /// The text encoding by any of its usual names, such as `windows-1252` or `latin1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What separates the fields: one or more characters, or `whitespace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// What encloses fields: one character, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// How a quote within a quoted field is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escape: Option<Escape>,
    /// How lines end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_end: Option<LineEnd>,
    /// The line with the names of the columns, from 1; 0 when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_line: Option<u64>,
    /// The order of day and month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// The decimal mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<DecimalMark>,
}

impl DialectChoice {
    /// Accepts what a file can be read by.
    ///
    /// # Errors
    /// When it would tear cells apart.
    pub fn checked(self) -> Result<Self, Invalid> {
        if let Some(delimiter) = &self.delimiter {
            check_delimiter(delimiter)?;
        }
        let quote = self.quote.as_deref().filter(|quote| *quote != NO_QUOTE);
        if quote.is_some_and(|quote| !matches!(quote.as_bytes(), [byte] if byte.is_ascii_punctuation())) {
            return Err(Invalid::new("quote", "must be a punctuation mark such as \", or 'none'"));
        }
        if quote.is_some() && self.delimiter.as_deref().zip(quote).is_some_and(|(text, quote)| text.contains(quote)) {
            return Err(Invalid::new("quote", "must not be part of the delimiter"));
        }
        if self.header_line.is_some_and(|line| line > HEADER_LINE_MAX) {
            return Err(Invalid::new("header_line", format!("must be at most {HEADER_LINE_MAX}")));
        }
        Ok(self)
    }
}

fn check_delimiter(delimiter: &str) -> Result<(), Invalid> {
    let is_mark = |c: char| !c.is_alphanumeric() && !matches!(c, '\r' | '\n' | '\0' | '"' | '-' | '.' | '+');
    if delimiter == WHITESPACE {
        return Ok(());
    }
    if delimiter.is_empty() || delimiter.len() > DELIMITER_MAX_BYTES {
        return Err(Invalid::new("delimiter", format!("must have 1 to {DELIMITER_MAX_BYTES} bytes")));
    }
    if !delimiter.chars().all(is_mark) {
        return Err(Invalid::new("delimiter", "must not hold letters, digits, quotes, signs or line ends"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_a_file_can_be_read_by() {
        for delimiter in [",", ";", "\t", "|", ", ", "||", "§", WHITESPACE] {
            assert!(choice(|choice| choice.delimiter = Some(delimiter.into())).is_ok(), "{delimiter}");
        }
        for quote in ["\"", "'", "`", NO_QUOTE] {
            assert!(choice(|choice| choice.quote = Some(quote.into())).is_ok(), "{quote}");
        }
    }

    #[test]
    fn refuses_what_would_tear_cells_apart() {
        for delimiter in ["", "a", "1", "\n", "\"", "-", ".", ",,,,,,,,,"] {
            assert!(choice(|choice| choice.delimiter = Some(delimiter.into())).is_err(), "{delimiter:?}");
        }
        for quote in ["", "a", "''", "é"] {
            assert!(choice(|choice| choice.quote = Some(quote.into())).is_err(), "{quote:?}");
        }
        assert!(choice(|choice| choice.header_line = Some(5_000)).is_err());
        let both = |choice: &mut DialectChoice| (choice.delimiter, choice.quote) = (Some("|".into()), Some("|".into()));
        assert!(choice(both).is_err());
    }

    #[test]
    fn says_how_sure_it_is_in_two_digits() {
        assert_eq!(Finding::detected((), 0.98765).confidence, 0.99);
    }

    fn choice(change: impl FnOnce(&mut DialectChoice)) -> Result<DialectChoice, Invalid> {
        let mut choice = DialectChoice::default();
        change(&mut choice);
        choice.checked()
    }
}
