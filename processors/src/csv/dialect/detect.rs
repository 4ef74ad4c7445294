//! Finds out how records and fields are written: the candidate wins under which the first records have most
//! consistently the same number of fields, and the fields look most like values (after van den Burg, Nazábal and Sutton,
//! "Wrangling messy CSV files by detecting row and type patterns", 2019).

use domain::csv_dialect::{DialectChoice, Escape, LineEnd, NO_QUOTE, WHITESPACE};

use crate::csv::dialect::record_format::{Delimiter, RecordFormat};
use crate::csv::dialect::scanner::{MAX_FIELDS, Scanner};
use crate::csv::values::kinds::Kinds;
use crate::csv::values::recognise::{is_null, kinds};

/// Bytes and records that are looked at under each candidate.
const LOOKED_AT_BYTES: usize = 64 << 10;
const LOOKED_AT_RECORDS: usize = 300;
/// Records before the first one of the usual width that may be a preamble.
const PREAMBLE_RECORDS: usize = 20;
/// How much the fields between whitespace must look like values: words of a sentence do not.
const WHITESPACE_LIKENESS: f64 = 0.75;
/// How much less likely it is that fields are enclosed by something else than quotation marks.
const UNUSUAL_QUOTE: f64 = 0.93;
/// Delimiters with how much they are preferred: what is rare as a delimiter is common within cells.
const DELIMITERS: [(&str, f64); 11] = [
    (",", 1.0),
    (";", 1.0),
    ("\t", 1.0),
    ("|", 1.0),
    ("\u{1F}", 1.0),
    ("\u{1}", 1.0),
    ("^", 0.8),
    ("~", 0.8),
    (WHITESPACE, 0.6),
    (":", 0.6),
    ("#", 0.5),
];

/// How a text seems to be written, and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DetectedFormat {
    /// The format.
    pub(crate) format: RecordFormat,
    /// Of the delimiter, from 0 to 1.
    pub(crate) confidence: f64,
    /// Whether some field was quoted.
    pub(crate) has_quotes: bool,
}

/// Finds the format of a text, which may end within a record. What a person chose or the file declares stays.
pub(crate) fn detect(text: &[u8], choice: &DialectChoice) -> DetectedFormat {
    let text = &text[..text.len().min(LOOKED_AT_BYTES)];
    let candidates = candidates(text, choice);
    let mut best: Option<(RecordFormat, FormatScore)> = None;
    let mut second = 0.0;
    for (format, preference) in candidates {
        let score = FormatScore::of(text, &format, preference);
        match &best {
            Some((other, top)) if score.quality <= top.quality => {
                second = if other.delimiter == format.delimiter { second } else { score.quality.max(second) };
            }
            top => {
                let replaced = top.as_ref().filter(|(other, _)| other.delimiter != format.delimiter);
                second = replaced.map_or(second, |(_, top)| top.quality.max(second));
                best = Some((format, score));
            }
        }
    }
    let (format, score) = best.unwrap_or_else(|| (RecordFormat::separated_by(","), FormatScore::default()));
    let format = if choice.delimiter.is_none() { lengthened(text, format, &score) } else { format };
    let lead = if score.quality > 0.0 { (score.quality - second) / score.quality } else { 0.0 };
    DetectedFormat { format, confidence: 0.5 + 0.5 * lead * score.consistency, has_quotes: score.quoted > 0 }
}

/// The formats that the text or a person gives reason to try, the likeliest first.
fn candidates(text: &[u8], choice: &DialectChoice) -> Vec<(RecordFormat, f64)> {
    let chosen = choice.delimiter.as_deref().map(|delimiter| (delimiter, 1.0));
    let delimiters = chosen.map_or(DELIMITERS.to_vec(), |chosen| vec![chosen]);
    let mut formats = Vec::new();
    for (delimiter, preference) in delimiters {
        for line_end in line_ends(text, choice) {
            for quote in quotes(text, choice) {
                for escape in escapes(text, choice) {
                    for is_spaced in spacings(text, delimiter, quote) {
                        let delimiter = Delimiter::of(delimiter);
                        formats.push((RecordFormat { delimiter, quote, escape, line_end, is_spaced }, preference));
                    }
                }
            }
        }
    }
    formats
}

fn line_ends(text: &[u8], choice: &DialectChoice) -> Vec<LineEnd> {
    let alone = memchr::memchr_iter(b'\r', text).any(|index| text.get(index + 1).is_some_and(|next| *next != b'\n'));
    match choice.line_end {
        Some(line_end) => vec![line_end],
        None if alone && text.contains(&b'\n') => vec![LineEnd::Any, LineEnd::Lf, LineEnd::Cr],
        None => vec![LineEnd::Any],
    }
}

fn quotes(text: &[u8], choice: &DialectChoice) -> Vec<Option<u8>> {
    match choice.quote.as_deref() {
        Some(NO_QUOTE) => vec![None],
        Some(quote) => vec![quote.bytes().next()],
        None => {
            let other = text.contains(&b'\'').then_some(Some(b'\''));
            let none = text.contains(&b'"').then_some(None);
            [Some(Some(b'"')), other, none].into_iter().flatten().collect()
        }
    }
}

fn escapes(text: &[u8], choice: &DialectChoice) -> Vec<Escape> {
    let hidden = memchr::memmem::find(text, b"\\\"").or_else(|| memchr::memmem::find(text, b"\\'")).is_some();
    match choice.escape {
        Some(escape) => vec![escape],
        None if hidden => vec![Escape::Doubled, Escape::Backslash],
        None => vec![Escape::Doubled],
    }
}

fn spacings(text: &[u8], delimiter: &str, quote: Option<u8>) -> Vec<bool> {
    let Some(quote) = quote.filter(|_| delimiter != WHITESPACE) else { return vec![false] };
    let before = [delimiter.as_bytes(), b" ", &[quote]].concat();
    let behind = [&[quote], b" ".as_slice(), delimiter.as_bytes()].concat();
    let is_found = [before, behind].iter().any(|spaced| memchr::memmem::find(text, spaced).is_some());
    if is_found { vec![false, true] } else { vec![false] }
}

/// How well a format explains a text.
#[derive(Clone, Copy, Debug, Default)]
struct FormatScore {
    quality: f64,
    /// The share of records with the usual number of fields.
    consistency: f64,
    quoted: usize,
}

impl FormatScore {
    fn of(text: &[u8], format: &RecordFormat, preference: f64) -> Self {
        let records = looked_at(text, format);
        let width = usual(records.iter().map(|record| record.width));
        let first = records.iter().take(PREAMBLE_RECORDS).position(|record| record.width == width).unwrap_or(0);
        let rows = &records[first.min(records.len())..];
        let quoted = rows.iter().map(|record| record.quoted).sum();
        // One long record is consistent with itself under any rare end of line.
        let is_split = format.line_end == LineEnd::Any || records.len() > 1;
        if width < 2 || rows.is_empty() || !is_split {
            return Self { quoted, ..Self::default() };
        }
        let fitting = |records: &[RecordProfile]| records.iter().filter(|record| record.width == width).count() as f64;
        let consistency = fitting(rows) / rows.len() as f64 * (0.8 + 0.2 * rows.len() as f64 / records.len() as f64);
        let sound = rows.iter().filter(|record| !record.is_malformed).count() as f64 / rows.len() as f64;
        let pattern = rows.iter().map(|record| record.likeness).sum::<f64>() / rows.len() as f64;
        if format.delimiter == Delimiter::Whitespace && pattern < WHITESPACE_LIKENESS {
            return Self { quoted, ..Self::default() };
        }
        let more = 1.0 + 0.005 * width.min(40) as f64;
        let usual = if format.quote == Some(b'"') { 1.0 } else { UNUSUAL_QUOTE };
        Self { quality: preference * consistency * sound * pattern * more * usual, consistency, quoted }
    }
}

/// What is seen of a record.
struct RecordProfile {
    width: usize,
    /// How much its fields look like values, from 0 to 1.
    likeness: f64,
    quoted: usize,
    is_malformed: bool,
}

fn looked_at(text: &[u8], format: &RecordFormat) -> Vec<RecordProfile> {
    let (mut scanner, mut at, mut records) = (Scanner::new(format), 0, Vec::new());
    while records.len() < LOOKED_AT_RECORDS && at < text.len() {
        // The last record may be cut off; it counts only when there is no other.
        let Some(record) = scanner.next(&text[at..], records.is_empty()) else { break };
        let line = &text[at..at + record.text_bytes];
        if !line.trim_ascii().is_empty() {
            records.push(look(&scanner, &text[at..], line, format));
        }
        at += record.bytes;
    }
    if records.is_empty() && at < text.len() && scanner.next(&text[at..], true).is_some() {
        records.push(look(&scanner, &text[at..], &text[at..], format));
    }
    records
}

fn look(scanner: &Scanner, text: &[u8], line: &[u8], format: &RecordFormat) -> RecordProfile {
    let width = scanner.field_count();
    let kept = width.min(MAX_FIELDS);
    let likeness = (0..kept).map(|index| likeness(scanner.field(text, index))).sum::<f64>() / kept.max(1) as f64;
    let quoted = format.quote.map_or(0, |quote| usize::from(line.contains(&quote)));
    RecordProfile { width, likeness, quoted, is_malformed: scanner.malformed().is_some() }
}

/// How much a field looks like a value: a delimiter or a quote that is left in it speaks against the format.
fn likeness(cell: &[u8]) -> f64 {
    let trimmed = cell.trim_ascii();
    if is_null(trimmed) {
        return 0.8;
    }
    if kinds(trimmed) != Kinds::NONE {
        return 1.0;
    }
    let is_enclosed = matches!(trimmed, [first @ (b'"' | b'\''), .., last] if first == last);
    if is_enclosed || trimmed.iter().any(|byte| matches!(byte, b';' | b'\t' | b'|' | 1 | 0x1F)) {
        return 0.2;
    }
    if trimmed.contains(&b',') || cell.len() > trimmed.len() { 0.5 } else { 0.7 }
}

/// The number that comes most often, of equals the greatest.
pub(crate) fn usual(numbers: impl Iterator<Item = usize>) -> usize {
    let mut sorted: Vec<usize> = numbers.collect();
    sorted.sort_unstable();
    let most = sorted.chunk_by(|a, b| a == b).max_by_key(|equal| (equal.len(), equal[0]));
    most.map_or(0, |equal| equal[0])
}

/// A delimiter may have more characters than one: then each time the same ones stand around it.
fn lengthened(text: &[u8], format: RecordFormat, score: &FormatScore) -> RecordFormat {
    let Delimiter::Text(short) = &format.delimiter else { return format };
    let Ok(short) = std::str::from_utf8(short) else { return format };
    let lines: Vec<&[u8]> = text
        .split(|byte| format.is_line_end(*byte))
        .filter(|line| memchr::memmem::find(line, short.as_bytes()).is_some())
        .filter(|line| format.quote.is_none_or(|quote| !line.contains(&quote)))
        .take(LOOKED_AT_RECORDS)
        .collect();
    for long in [format!(" {short} "), short.repeat(3), short.repeat(2), around(&lines, short), format!("{short} ")] {
        let candidate = RecordFormat {
            delimiter: Delimiter::of(&long),
            is_spaced: format.is_spaced && !long.contains(' '),
            ..format.clone()
        };
        let times = long.matches(short).count();
        let count = |line: &[u8], needle: &str| memchr::memmem::find_iter(line, needle.as_bytes()).count();
        let always = lines.iter().all(|line| count(line, short) == times * count(line, &long));
        let long_score = FormatScore::of(text, &candidate, 1.0);
        let is_better = long_score.consistency > score.consistency + 0.05 && long_score.consistency > 0.9;
        let is_equal = always && !lines.is_empty() && long_score.consistency >= score.consistency;
        if long.len() > short.len() && long_score.quality >= 0.8 * score.quality && (is_better || is_equal) {
            return candidate;
        }
    }
    format
}

/// The delimiter with the punctuation between it and its like, such as `~|~`.
fn around(lines: &[&[u8]], short: &str) -> String {
    let is_mark = |byte: &u8| byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'\'' | b'-' | b'+' | b'.');
    let first = lines.first().copied().unwrap_or_default();
    let index = memchr::memmem::find(first, short.as_bytes()).unwrap_or(0);
    let before = first[..index].iter().rev().take_while(|byte| is_mark(byte)).count().min(2);
    let after = first[(index + short.len()).min(first.len())..].iter().take_while(|byte| is_mark(byte)).count().min(2);
    String::from_utf8_lossy(&first[index - before..(index + short.len() + after).min(first.len())]).into_owned()
}

#[cfg(test)]
mod tests;
