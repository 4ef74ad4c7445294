//! Finds out from the beginning of a file how it is written.

use std::io::Cursor;

use domain::csv_dialect::{Basis, Compression, Dialect, DialectChoice, Finding, NO_QUOTE};
use encoding_rs::UTF_8;

use crate::csv::bytes::binary_content::{NOT_TEXT, binary_content};
use crate::csv::bytes::content::Bytes;
use crate::csv::bytes::encoding::{Encoding, encoding};
use crate::csv::bytes::source::{BLOCK_BYTES, TextSource, read_up_to};
use crate::csv::dialect::block_splitter::BlockSplitter;
use crate::csv::dialect::detect::{DetectedFormat, detect};
use crate::csv::dialect::header::{FirstRecord, Header, header, names};
use crate::csv::dialect::record_format::RecordFormat;
use crate::csv::dialect::scanner::{MAX_FIELDS, Scanner};
use crate::csv::error::{IngestError, unreadable};

/// Records that are looked at.
const SAMPLE_RECORDS: usize = 5_000;
/// Cells that are looked at, in files with many columns.
const SAMPLE_CELLS: usize = 200_000;
/// The longest beginning without a whole record.
const BEGINNING_MAX_BYTES: usize = 4 << 20;

/// How a file is written.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Its text encoding.
    pub(crate) encoding: Encoding,
    /// How its records are written.
    pub(crate) format: RecordFormat,
    /// Bytes of text before the first row.
    pub(crate) skipped_bytes: usize,
    /// The line of the first row, from 1.
    pub(crate) first_line: u64,
    /// The names of the columns, all different.
    pub(crate) names: Vec<String>,
    /// All of it for a person; what only the columns tell is missing.
    pub(crate) dialect: Dialect,
}

/// The first rows of a file.
pub(crate) type Sample = Vec<Vec<Vec<u8>>>;

/// What is known of a file before it is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileHints {
    /// How its content was packed.
    pub(crate) compression: Option<Compression>,
    /// Its encoding, when a person said so or an earlier pass found out.
    pub(crate) encoding: Option<(&'static encoding_rs::Encoding, Basis)>,
    /// What a person said.
    pub(crate) choice: DialectChoice,
}

/// Looks at the beginning of a file.
///
/// # Errors
/// When the file cannot be used as CSV.
pub(crate) fn sniff(mut reader: Bytes, hints: &FileHints) -> Result<(Layout, Sample), IngestError> {
    let mut beginning = Vec::new();
    loop {
        let is_ended = read_up_to(&mut reader, &mut beginning, BLOCK_BYTES)? < BLOCK_BYTES;
        if let Some(reason) = binary_content(&beginning) {
            return Err(unreadable(reason));
        }
        let encoding = encoding(&beginning, hints.encoding);
        let mut source = TextSource::new(Box::new(Cursor::new(beginning.clone())), encoding, beginning.len() + 1);
        source.fill()?;
        let text = source.text().to_vec();
        if text.contains(&0) {
            return Err(unreadable(NOT_TEXT));
        }
        let (declared, begin) = declared_delimiter(&text);
        let mut choice = hints.choice.clone();
        choice.delimiter = choice.delimiter.or_else(|| declared.clone());
        let detected = detect(&text[begin..], &choice);
        let records = records(&text, begin, &detected.format, is_ended)?;
        if is_ended || records.iter().any(|record| !record.is_blank()) {
            return layout(hints, encoding, (declared, detected), &records);
        }
        if beginning.len() > BEGINNING_MAX_BYTES {
            return Err(unreadable(
                "The file begins with a line of more than 4 MB. Check that it is a CSV file with \
                one record per line and that every quotation mark is closed.",
            ));
        }
    }
}

/// Some programs say the delimiter in a first line `sep=;`; gives it and the bytes of the line.
fn declared_delimiter(text: &[u8]) -> (Option<String>, usize) {
    let Some(end) = text.iter().take(16).position(|byte| matches!(byte, b'\n' | b'\r')) else { return (None, 0) };
    let line = text[..end].strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(&text[..end]);
    let delimiter = line.get(..4).filter(|key| key.eq_ignore_ascii_case(b"sep=")).map(|_| &line[4..]);
    let Some(delimiter) = delimiter.and_then(|delimiter| std::str::from_utf8(delimiter).ok()) else { return (None, 0) };
    if delimiter.is_empty() || delimiter.contains(char::is_alphanumeric) {
        return (None, 0);
    }
    let end = end + if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
    (Some(delimiter.to_owned()), end)
}

/// The first records from an index of the text on.
fn records(text: &[u8], begin: usize, format: &RecordFormat, is_whole: bool) -> Result<Vec<FirstRecord>, IngestError> {
    let encoding = Encoding { standard: UTF_8, mark_bytes: 0, confidence: 1.0, basis: Basis::Detected };
    let source = TextSource::new(Box::new(Cursor::new(text[begin..].to_vec())), encoding, text.len() + 1);
    let mut splitter = BlockSplitter::new(source, format, 0, usize::MAX)?;
    let (mut records, mut cells, mut at, mut line) = (Vec::new(), 0, begin, 1 + u64::from(begin > 0));
    let mut scanner = Scanner::new(format);
    while let Some(block) = splitter.next()? {
        // A quote that is open at the end of a beginning may be closed later.
        if block.is_damaged && !is_whole {
            break;
        }
        let mut rest = block.text.as_slice();
        while !rest.is_empty() && records.len() < SAMPLE_RECORDS && cells < SAMPLE_CELLS {
            let Some(record) = scanner.next(rest, is_whole || !block.is_last) else { break };
            let width = scanner.field_count();
            at += record.bytes;
            cells += width;
            let fields = if block.is_damaged { 0..0 } else { 0..width.min(MAX_FIELDS) };
            let fields = fields.map(|index| scanner.field(rest, index).to_vec()).collect();
            records.push(FirstRecord { line, width, fields, next: (at, line + record.lines) });
            line += record.lines;
            rest = &rest[record.bytes..];
        }
    }
    Ok(records)
}

fn layout(
    hints: &FileHints,
    encoding: Encoding,
    (declared, detected): (Option<String>, DetectedFormat),
    records: &[FirstRecord],
) -> Result<(Layout, Sample), IngestError> {
    let Header { names: index, rows: first, confidence } = header(records, hints.choice.header_line);
    let (names_at, rows) = (index.and_then(|index| records.get(index)), records.get(first..).unwrap_or_default());
    let Some(shown) = names_at.or_else(|| rows.iter().find(|row| !row.is_blank())) else {
        return Err(unreadable(
            "The file has no rows. Check the export: it needs a line with the column names and one line per row.",
        ));
    };
    if shown.width > MAX_FIELDS {
        return Err(unreadable(format!(
            "The first line has {} columns; at most {MAX_FIELDS} can be read. Check the delimiter, or export fewer columns.",
            shown.width
        )));
    }
    let rows: Vec<FirstRecord> = rows.iter().filter(|row| !row.is_blank()).cloned().collect();
    let names = names(names_at, &rows);
    let (skipped_bytes, first_line) = first
        .checked_sub(1)
        .map_or_else(|| records.first().map_or((0, 1), |record| (0, record.line)), |before| records[before].next);
    let header_line = names_at.map_or(0, |names| names.line);
    let header = match hints.choice.header_line {
        Some(_) => Finding::chosen(header_line),
        None => Finding::detected(header_line, confidence),
    };
    let dialect = dialect(hints, &encoding, declared, &detected, header);
    let layout = Layout { encoding, format: detected.format, skipped_bytes, first_line, names, dialect };
    Ok((layout, rows.into_iter().map(|row| row.fields).collect()))
}

fn dialect(
    hints: &FileHints,
    encoding: &Encoding,
    declared: Option<String>,
    detected: &DetectedFormat,
    header_line: Finding<u64>,
) -> Dialect {
    let (format, choice) = (&detected.format, &hints.choice);
    let found = |value: String, confidence| Finding::detected(value, confidence);
    let quote = format.quote.map_or_else(|| NO_QUOTE.to_owned(), |quote| char::from(quote).to_string());
    // Without a quoted field the usual quote is only likely.
    let seen = if detected.has_quotes { 0.99 } else { 0.9 };
    Dialect {
        compression: hints.compression,
        encoding: encoding.finding(),
        delimiter: match (&choice.delimiter, declared) {
            (Some(_), _) => Finding::chosen(format.delimiter.name()),
            (None, Some(_)) => Finding::declared(format.delimiter.name()),
            (None, None) => found(format.delimiter.name(), detected.confidence),
        },
        quote: if choice.quote.is_some() { Finding::chosen(quote) } else { found(quote, seen) },
        escape: match choice.escape {
            Some(escape) => Finding::chosen(escape),
            None => Finding::detected(format.escape, seen),
        },
        line_end: match choice.line_end {
            Some(line_end) => Finding::chosen(line_end),
            None => Finding::detected(format.line_end, 0.99),
        },
        header_line,
        date_order: None,
        decimal_mark: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_a_declared_delimiter() {
        for text in ["sep=;\r\na;b,c\r\n1;2\r\n", "\"sep=;\"\na;b,c\n1;2\n", "SEP=;\ra;b,c\r1;2\r"] {
            let (layout, sample) = of(text);
            assert_eq!(layout.dialect.delimiter, Finding::declared(";".to_owned()), "{text}");
            assert_eq!((layout.first_line, layout.dialect.header_line.value), (3, 2));
            assert_eq!((layout.names, sample.len()), (vec!["a".to_owned(), "b,c".to_owned()], 1));
        }
        assert_eq!(of("sep=\t\na\tb\n1\t2\n").0.names, ["a", "b"]);
    }

    #[test]
    fn says_where_the_rows_begin() {
        let text = "Sales\n\nid,\"na\nme\"\n1,a\n2,b\n";
        let (layout, sample) = of(text);
        assert_eq!(&text[layout.skipped_bytes..], "1,a\n2,b\n");
        assert_eq!((layout.first_line, layout.dialect.header_line.value, sample.len()), (5, 3, 2));
        let (layout, sample) = of("1,2010-01-01,x\n2,2010-01-02,y\n");
        assert_eq!((layout.skipped_bytes, layout.first_line, layout.dialect.header_line.value), (0, 1, 0));
        assert_eq!((layout.names, sample.len()), (["column_1", "column_2", "column_3"].map(str::to_owned).to_vec(), 2));
    }

    #[test]
    fn what_a_person_chose_holds() {
        let choice = DialectChoice { delimiter: Some(";".into()), header_line: Some(0), ..DialectChoice::default() };
        let hints = FileHints { choice, ..FileHints::default() };
        let (layout, sample) = sniff(Box::new(Cursor::new(b"a,b;c\nd,e;f\n".to_vec())), &hints).unwrap();
        assert_eq!((layout.names.len(), sample.len()), (2, 2));
        assert_eq!(layout.dialect.delimiter, Finding::chosen(";".to_owned()));
    }

    #[test]
    fn refuses_what_is_no_table() {
        for (text, expected) in [("", "no rows"), ("\n \n", "no rows"), (&",x".repeat(100_000), "100001 columns")] {
            let Err(IngestError::Unreadable(reason)) = sniffed(text) else { panic!("{text} must be refused") };
            assert!(reason.contains(expected), "{reason}");
        }
    }

    fn of(text: &str) -> (Layout, Sample) {
        sniffed(text).unwrap()
    }

    fn sniffed(text: &str) -> Result<(Layout, Sample), IngestError> {
        sniff(Box::new(Cursor::new(text.as_bytes().to_vec())), &FileHints::default())
    }
}
