//! What a person says about how a file is written, and which of it a file can be read by.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::terms::{DateOrder, DecimalMark, Escape, LineEnd, NO_QUOTE, WHITESPACE};
use crate::validation::Invalid;

/// Bytes of the longest delimiter.
const DELIMITER_MAX_BYTES: usize = 8;
/// The last line that can be a header.
const HEADER_LINE_MAX: u64 = 1_000;

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

    fn choice(change: impl FnOnce(&mut DialectChoice)) -> Result<DialectChoice, Invalid> {
        let mut choice = DialectChoice::default();
        change(&mut choice);
        choice.checked()
    }
}
