//! Finds the records and fields of CSV text in place. It reads what the `csv` crate reads, which the tests compare,
//! without copying the cells; looking at eight bytes at once makes it several times faster. It also reads what
//! that crate does not: delimiters of several characters, whitespace, spaces around quotes.

use domain::csv_dialect::LineEnd;

use crate::csv::dialect::record_format::{Delimiter, RecordFormat};

/// Fields of one record that are kept; of further ones only the number is known.
pub(crate) const MAX_FIELDS: usize = 2_000;

/// Splits text into records and remembers the fields of the last one.
pub(crate) struct Scanner {
    format: RecordFormat,
    /// The first byte of the delimiter and what must follow it.
    delimiter: (u8, Vec<u8>),
    /// What may end a field that is not quoted.
    needles: [u64; 3],
    /// What may end a piece of one that is.
    quotes: [u64; 3],
    fields: Vec<FieldSpan>,
    field_count: usize,
    malformed: Option<usize>,
    /// Cells with escapes, without the escaping.
    unescaped: Vec<u8>,
}

#[derive(Clone, Copy)]
struct FieldSpan {
    start: usize,
    end: usize,
    is_unescaped: bool,
}

/// Where a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its bytes without the line end.
    pub(crate) text_bytes: usize,
    /// Its bytes with the line end.
    pub(crate) bytes: usize,
    /// The lines it takes; more than one when a quoted field has line ends.
    pub(crate) lines: u64,
}

impl Scanner {
    /// A scanner of text that is written like this.
    pub(crate) fn new(format: &RecordFormat) -> Self {
        let (first, rest) = match &format.delimiter {
            Delimiter::Text(text) => {
                (text.first().copied().unwrap_or(b','), text.get(1..).unwrap_or_default().to_vec())
            }
            Delimiter::Whitespace => (b' ', Vec::new()),
        };
        let ([a, b], quote) = (format.line_ends(), format.quote.unwrap_or(b'"'));
        Self {
            format: format.clone(),
            delimiter: (first, rest),
            needles: [first, a, b].map(repeat),
            quotes: [quote, format.escape_byte().unwrap_or(quote), quote].map(repeat),
            fields: Vec::new(),
            field_count: 0,
            malformed: None,
            unescaped: Vec::new(),
        }
    }

    /// Finds the record that begins with `text`. Nothing when its end is not in the text; where text is the
    /// `last`, it ends every record.
    pub(crate) fn next(&mut self, text: &[u8], last: bool) -> Option<Record> {
        self.fields.clear();
        self.unescaped.clear();
        (self.field_count, self.malformed) = (0, None);
        let (mut at, mut lines) = (self.skip_whitespace(text, 0), 1);
        loop {
            let open = if self.format.is_spaced { self.skip_spaces(text, at) } else { at };
            let (field, end) = if self.format.quote.is_some() && text.get(open) == self.format.quote.as_ref() {
                let (field, end) = self.quoted(text, open, last)?;
                lines += self.line_ends_within(&text[open..end]);
                (field, end)
            } else {
                let end = self.find_end(text, at);
                (FieldSpan { start: at, end, is_unescaped: false }, end)
            };
            self.push(field);
            match self.after(text, end) {
                Some(next) => at = next,
                None => return self.ended(text, end, last, lines),
            }
        }
    }

    /// How many fields the last record has.
    pub(crate) fn field_count(&self) -> usize {
        self.field_count
    }

    /// The index of the first field of the last record in which something stands behind the closing quote.
    pub(crate) fn malformed(&self) -> Option<usize> {
        self.malformed
    }

    /// The content of a field of the last record, which was found in `text`.
    pub(crate) fn field<'a>(&'a self, text: &'a [u8], index: usize) -> &'a [u8] {
        let FieldSpan { start, end, is_unescaped } = self.fields[index];
        if is_unescaped { &self.unescaped[start..end] } else { &text[start..end] }
    }

    fn push(&mut self, field: FieldSpan) {
        self.field_count += 1;
        if self.field_count <= MAX_FIELDS {
            self.fields.push(field);
        }
    }

    /// Where the next field begins, when there is one behind the field that ends at `end`.
    fn after(&self, text: &[u8], end: usize) -> Option<usize> {
        if self.format.delimiter == Delimiter::Whitespace {
            let next = self.skip_whitespace(text, end);
            let is_last = text.get(next).is_none_or(|byte| self.format.is_line_end(*byte));
            return (next > end && !is_last).then_some(next);
        }
        let (first, rest) = &self.delimiter;
        let begins = text.get(end) == Some(first) && self.continues_delimiter(&text[end + 1..]);
        begins.then_some(end + 1 + rest.len())
    }

    /// Whether the rest of the delimiter follows its first byte. That of one byte has none, and is not compared with:
    /// to compare nothing at the place where an empty vector lies takes some processors longer than to read a field.
    fn continues_delimiter(&self, text: &[u8]) -> bool {
        let rest = &self.delimiter.1;
        rest.is_empty() || text.starts_with(rest)
    }

    fn ended(&self, text: &[u8], end: usize, last: bool, lines: u64) -> Option<Record> {
        let end = self.skip_whitespace(text, end);
        let line_end = self.format.line_end_bytes(&text[end..], last);
        let is_over = line_end > 0 || (last && end >= text.len());
        is_over.then_some(Record { text_bytes: end, bytes: end + line_end, lines })
    }

    fn line_ends_within(&self, text: &[u8]) -> u64 {
        let [byte, _] = self.format.line_ends();
        // Of \r\n and \n only the latter counts.
        let byte = if self.format.line_end == LineEnd::Any { b'\n' } else { byte };
        text.iter().filter(|other| **other == byte).count() as u64
    }

    fn skip_whitespace(&self, text: &[u8], at: usize) -> usize {
        if self.format.delimiter != Delimiter::Whitespace {
            return at;
        }
        at + text[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    fn skip_spaces(&self, text: &[u8], at: usize) -> usize {
        at + text[at..].iter().take_while(|byte| **byte == b' ').count()
    }

    /// The end of a field that goes on at `from` and is not quoted.
    fn find_end(&self, text: &[u8], from: usize) -> usize {
        if self.format.delimiter == Delimiter::Whitespace {
            let is_end = |byte: &u8| matches!(byte, b' ' | b'\t') || self.format.is_line_end(*byte);
            return text[from..].iter().position(is_end).map_or(text.len(), |index| from + index);
        }
        let mut at = from;
        loop {
            let end = find(text, at, self.needles);
            let Some(byte) = text.get(end) else { return end };
            if *byte != self.delimiter.0 {
                return end - usize::from(self.is_crlf(text, end) && end > from);
            }
            if self.continues_delimiter(&text[end + 1..]) {
                return end;
            }
            at = end + 1;
        }
    }

    /// Where only `\n` ends lines, a `\r` before it belongs to the line end.
    fn is_crlf(&self, text: &[u8], end: usize) -> bool {
        self.format.line_end == LineEnd::Lf && text[..end].ends_with(b"\r")
    }

    /// The field whose opening quote is at `open`, and where it ends.
    fn quoted(&mut self, text: &[u8], open: usize, last: bool) -> Option<(FieldSpan, usize)> {
        let (quote, unescaped_from) = (self.format.quote?, self.unescaped.len());
        let (mut from, mut at) = (open + 1, open + 1);
        loop {
            let end = find(text, at, self.quotes);
            match (text.get(end), text.get(end + 1)) {
                (None, _) | (_, None) if !last => return None,
                (None, _) => {
                    self.malformed.get_or_insert(self.field_count);
                    return Some((self.closed(text, unescaped_from, from..end), end));
                }
                (Some(byte), next) if *byte != quote => {
                    self.unescaped.extend_from_slice(&text[from..end]);
                    self.unescaped.extend(next);
                    (from, at) = ((end + 2).min(text.len()), (end + 2).min(text.len()));
                }
                (Some(_), Some(next)) if *next == quote => {
                    self.unescaped.extend_from_slice(&text[from..=end]);
                    (from, at) = (end + 2, end + 2);
                }
                _ => return Some(self.close(text, unescaped_from, from..end)),
            }
        }
    }

    /// Ends a field at its closing quote. What follows it belongs to the cell, as in the csv crate.
    fn close(&mut self, text: &[u8], unescaped_from: usize, rest: std::ops::Range<usize>) -> (FieldSpan, usize) {
        let quote_end = rest.end + 1;
        let next = if self.format.is_spaced { self.skip_spaces(text, quote_end) } else { quote_end };
        let is_over = next >= text.len()
            || self.format.delimiter.begins(&text[next..])
            || self.format.line_end_bytes(&text[next..], true) > 0;
        if is_over {
            return (self.closed(text, unescaped_from, rest), next);
        }
        self.malformed.get_or_insert(self.field_count);
        let end = self.find_end(text, quote_end);
        self.unescaped.extend_from_slice(&text[rest]);
        self.unescaped.extend_from_slice(&text[quote_end..end]);
        (self.unescaped_field(unescaped_from), end)
    }

    fn closed(&mut self, text: &[u8], unescaped_from: usize, rest: std::ops::Range<usize>) -> FieldSpan {
        if self.unescaped.len() == unescaped_from {
            return FieldSpan { start: rest.start, end: rest.end, is_unescaped: false };
        }
        self.unescaped.extend_from_slice(&text[rest]);
        self.unescaped_field(unescaped_from)
    }

    fn unescaped_field(&self, start: usize) -> FieldSpan {
        FieldSpan { start, end: self.unescaped.len(), is_unescaped: true }
    }
}

fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The first index from `at` on with one of the needles, or the length of the text.
fn find(text: &[u8], mut at: usize, needles: [u64; 3]) -> usize {
    while let Some(bytes) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*bytes);
        let hits = zeros(word ^ needles[0]) | zeros(word ^ needles[1]) | zeros(word ^ needles[2]);
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_needle = |byte: &u8| needles.iter().any(|needle| *needle as u8 == *byte);
    text.get(at..).and_then(|rest| rest.iter().position(is_needle)).map_or(text.len(), |index| at + index)
}

/// Marks the zero bytes of a word by their top bits; above the lowest zero byte there may be wrong marks
/// (Hacker's Delight, 6-1).
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080
}

#[cfg(test)]
mod tests;
