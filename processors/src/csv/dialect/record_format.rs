//! What text must be known of to be split into records and fields.

use domain::csv_dialect::{Escape, LineEnd, WHITESPACE};

/// How records and fields are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordFormat {
    /// What separates fields.
    pub(crate) delimiter: Delimiter,
    /// What encloses fields that hold delimiters or line ends.
    pub(crate) quote: Option<u8>,
    /// How a quote within a quoted field is written.
    pub(crate) escape: Escape,
    /// What ends a record.
    pub(crate) line_end: LineEnd,
    /// Whether spaces may stand before an opening and behind a closing quote.
    pub(crate) is_spaced: bool,
}

/// What separates fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    /// These bytes.
    Text(Vec<u8>),
    /// Any number of spaces and tabs; at the beginning and end of a line they do not count.
    Whitespace,
}

impl Delimiter {
    /// As the domain names it.
    pub(crate) fn of(name: &str) -> Self {
        if name == WHITESPACE { Self::Whitespace } else { Self::Text(name.as_bytes().to_vec()) }
    }

    /// As the domain names it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Self::Whitespace => WHITESPACE.to_owned(),
        }
    }

    /// Its length.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text(delimiter) => delimiter.len(),
            Self::Whitespace => 1,
        }
    }

    /// Whether a text ends with it.
    pub(crate) fn ends(&self, text: &[u8]) -> bool {
        match self {
            Self::Text(delimiter) => text.ends_with(delimiter),
            Self::Whitespace => matches!(text.last(), Some(b' ' | b'\t')),
        }
    }

    /// Whether a text begins with it.
    pub(crate) fn begins(&self, text: &[u8]) -> bool {
        match self {
            Self::Text(delimiter) => text.starts_with(delimiter),
            Self::Whitespace => matches!(text.first(), Some(b' ' | b'\t')),
        }
    }
}

impl RecordFormat {
    /// RFC 4180 with this delimiter.
    pub(crate) fn separated_by(delimiter: &str) -> Self {
        Self {
            delimiter: Delimiter::of(delimiter),
            quote: Some(b'"'),
            escape: Escape::Doubled,
            line_end: LineEnd::Any,
            is_spaced: false,
        }
    }

    /// The byte that hides the next one within quotes.
    pub(crate) fn escape_byte(&self) -> Option<u8> {
        (self.escape == Escape::Backslash).then_some(b'\\')
    }

    /// The bytes that end a line.
    pub(crate) fn line_ends(&self) -> [u8; 2] {
        match self.line_end {
            LineEnd::Any => *b"\r\n",
            LineEnd::Lf => *b"\n\n",
            LineEnd::Cr => *b"\r\r",
        }
    }

    /// Whether a byte ends a line.
    pub(crate) fn is_line_end(&self, byte: u8) -> bool {
        self.line_ends().contains(&byte)
    }

    /// The bytes of the line end that a text begins with; 0 without one. Where the text is not the `last`, a line end
    /// that may go on counts as none.
    pub(crate) fn line_end_bytes(&self, text: &[u8], last: bool) -> usize {
        match (self.line_end, text) {
            (LineEnd::Any | LineEnd::Lf, [b'\r', b'\n', ..]) => 2,
            (LineEnd::Any, [b'\r']) if !last => 0,
            (LineEnd::Any | LineEnd::Cr, [b'\r', ..]) | (LineEnd::Any | LineEnd::Lf, [b'\n', ..]) => 1,
            _ => 0,
        }
    }
}
