//! Finds out how a file is written: its encoding, its delimiter, whether it has a header.

use std::io::{Cursor, Read};

use anyhow::Context;
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};

use super::scan::{MAX_FIELDS, Scanner};
use crate::ingest::columns::kinds::{Kinds, is_null, kinds};
use crate::ingest::shoppers::names::suggestion;
use crate::ingest::text::source::{Encoding, NOT_TEXT, Source, Stop, unreadable};

/// Records that are looked at.
const SAMPLE_RECORDS: usize = 5_000;
/// Cells that are looked at, in files with many columns.
const SAMPLE_CELLS: usize = 200_000;
/// Records that tell the delimiter.
const DELIMITER_RECORDS: usize = 500;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Bytes that tell the encoding and whether it is text at all.
const PREFIX_BYTES: u64 = 64 * 1024;
const NAME_MAX_CHARS: usize = 200;

/// How a file is written.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Its text encoding.
    pub encoding: Encoding,
    /// What separates the fields.
    pub delimiter: u8,
    /// Records before the first row, blank ones included.
    pub skipped_records: u64,
    /// The names of the columns, all different.
    pub names: Vec<String>,
}

/// The first rows of a file.
pub type Sample = Vec<Vec<Vec<u8>>>;

/// A sentence saying what a file is, given its first bytes, when it is not text.
pub fn binary_content(bytes: &[u8]) -> Option<String> {
    const SIGNATURES: [(&[u8], &str); 9] = [
        (b"\x89PNG", "a PNG picture"),
        (b"\xFF\xD8\xFF", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"%PDF-", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive or an Excel workbook (.xlsx)"),
        (b"\xD0\xCF\x11\xE0", "an old Excel workbook (.xls)"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"\x28\xB5\x2F\xFD", "a Zstandard archive"),
        (b"PAR1", "a Parquet file"),
    ];
    if let Some((_, what)) = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)) {
        return Some(format!(
            "The file is {what}, not CSV. Export the data as CSV (comma-separated, UTF-8) and upload that."
        ));
    }
    let is_utf16 = encoding(bytes).standard != UTF_8;
    (!is_utf16 && bytes.contains(&0)).then(|| NOT_TEXT.to_owned())
}

/// The encoding that the byte order mark tells; UTF-8 without one.
fn encoding(bytes: &[u8]) -> Encoding {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => Encoding { standard: UTF_8, mark_bytes: 3 },
        [0xFF, 0xFE, ..] => Encoding { standard: UTF_16LE, mark_bytes: 2 },
        [0xFE, 0xFF, ..] => Encoding { standard: UTF_16BE, mark_bytes: 2 },
        _ => Encoding { standard: UTF_8, mark_bytes: 0 },
    }
}

/// Looks at the beginning of a file. `forced` is its encoding when that is known already.
///
/// # Errors
/// When the file cannot be used as CSV, or is not in the encoding it was taken for.
pub fn sniff(
    mut reader: Box<dyn Read + Send>,
    forced: Option<&'static encoding_rs::Encoding>,
) -> Result<(Layout, Sample), Stop> {
    let mut prefix = Vec::new();
    reader.by_ref().take(PREFIX_BYTES).read_to_end(&mut prefix).context("reading the uploaded file")?;
    if let Some(reason) = binary_content(&prefix) {
        return Err(unreadable(reason));
    }
    let marked = encoding(&prefix);
    let encoding = Encoding { standard: forced.unwrap_or(marked.standard), ..marked };
    let mut source = Source::new(Box::new(Cursor::new(prefix).chain(reader)), encoding, &|_| {});
    loop {
        source.fill()?;
        let (declared, preamble) = declared_delimiter(source.text());
        let text = &source.text()[preamble..];
        let delimiter = declared.unwrap_or_else(|| delimiter(text, source.is_ended()));
        let records = records(text, source.is_ended(), delimiter);
        if source.is_ended() || records.iter().any(|(_, record)| !is_blank(record)) {
            return layout(encoding, delimiter, u64::from(preamble > 0), records);
        }
    }
}

/// Some programs say the delimiter in a first line `sep=;`; gives it and the bytes of the line.
fn declared_delimiter(text: &[u8]) -> (Option<u8>, usize) {
    let end = text.iter().position(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    match text[..end].trim_ascii_end() {
        [b's', b'e', b'p', b'=', delimiter] => (Some(*delimiter), end),
        b"sep=" if text.starts_with(b"sep=\t") => (Some(b'\t'), end),
        _ => (None, 0),
    }
}

/// The delimiter under which the first records have most consistently the same number of fields.
fn delimiter(text: &[u8], last: bool) -> u8 {
    let mut best = (DELIMITERS[0], 0.0);
    for delimiter in DELIMITERS {
        let consistency = consistency(&field_counts(text, last, delimiter));
        if consistency > best.1 {
            best = (delimiter, consistency);
        }
    }
    best.0
}

/// The share of records with the usual number of fields; more fields decide between equals. A delimiter that
/// the first record does not have as often as the others is half as likely.
fn consistency(counts: &[usize]) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let usual = sorted.chunk_by(|a, b| a == b).max_by_key(|equal| (equal.len(), equal[0]));
    let Some(usual) = usual.filter(|equal| equal[0] > 1) else { return 0.0 };
    let share = usual.len() as f64 / counts.len() as f64;
    let first = if counts[0] == usual[0] { 1.0 } else { 0.5 };
    share * first + 0.001 * usual[0].min(50) as f64
}

fn field_counts(text: &[u8], last: bool, delimiter: u8) -> Vec<usize> {
    let (mut scanner, mut at, mut counts) = (Scanner::new(delimiter), 0, Vec::new());
    while counts.len() < DELIMITER_RECORDS && at < text.len() {
        let Some(record) = scanner.next(&text[at..], last) else { break };
        if record.text_bytes > 0 {
            counts.push(scanner.field_count());
        }
        at += record.bytes;
    }
    counts
}

/// The first records with their numbers of fields, of which not all may be kept.
fn records(text: &[u8], last: bool, delimiter: u8) -> Vec<(usize, Vec<Vec<u8>>)> {
    let (mut scanner, mut at, mut cells, mut records) = (Scanner::new(delimiter), 0, 0, Vec::new());
    while records.len() < SAMPLE_RECORDS && cells < SAMPLE_CELLS && at < text.len() {
        let Some(record) = scanner.next(&text[at..], last) else { break };
        let count = scanner.field_count();
        cells += count;
        let kept = 0..count.min(MAX_FIELDS);
        records.push((count, kept.map(|index| scanner.field(&text[at..], index).to_vec()).collect()));
        at += record.bytes;
    }
    records
}

fn is_blank(record: &[Vec<u8>]) -> bool {
    record.len() == 1 && record[0].trim_ascii().is_empty()
}

fn layout(
    encoding: Encoding,
    delimiter: u8,
    preamble_records: u64,
    records: Vec<(usize, Vec<Vec<u8>>)>,
) -> Result<(Layout, Sample), Stop> {
    let blank = records.iter().take_while(|(_, record)| is_blank(record)).count();
    let mut rows = records.into_iter().skip(blank);
    let Some((count, first)) = rows.next() else {
        return Err(unreadable(
            "The file has no rows. Check the export: it needs a line with the column names and one line per row.",
        ));
    };
    if count > MAX_FIELDS {
        return Err(unreadable(format!(
            "The first line has {count} columns; at most {MAX_FIELDS} can be read. Check the delimiter, or export fewer columns."
        )));
    }
    let rest: Sample = rows.map(|(_, record)| record).filter(|record| !is_blank(record)).collect();
    let header = is_header(&first);
    let names = if header { names(&first, &rest) } else { names(&vec![Vec::new(); count], &[]) };
    let skipped_records = preamble_records + blank as u64 + u64::from(header);
    let sample = if header { rest } else { std::iter::once(first).chain(rest).collect() };
    Ok((Layout { encoding, delimiter, skipped_records, names }, sample))
}

/// A header has a usual name, or nothing but text.
fn is_header(first: &[Vec<u8>]) -> bool {
    let cells = || first.iter().map(|cell| cell.trim_ascii());
    let text = |cell: &[u8]| is_null(cell) || kinds(cell) == Kinds::NONE;
    let usual = |cell: &[u8]| suggestion(&String::from_utf8_lossy(cell)).is_some();
    cells().any(usual) || (cells().all(text) && !cells().all(is_null))
}

/// The names of the columns; without one it is `column_3`, the second `price` is `price_2`. Columns at the end
/// without name and content come from lines that end in a delimiter and are left out.
fn names(header: &[Vec<u8>], rows: &[Vec<Vec<u8>>]) -> Vec<String> {
    let is_empty = |record: &[Vec<u8>], place: usize| record.get(place).is_none_or(|cell| cell.trim_ascii().is_empty());
    let mut width = header.len();
    while width > 1
        && !rows.is_empty()
        && is_empty(header, width - 1)
        && rows.iter().all(|row| is_empty(row, width - 1))
    {
        width -= 1;
    }
    let mut names: Vec<String> = Vec::with_capacity(width);
    for (place, cell) in header[..width].iter().enumerate() {
        let name: String = String::from_utf8_lossy(cell.trim_ascii()).chars().take(NAME_MAX_CHARS).collect();
        let name = name.replace(char::is_control, " ");
        names.push(unused(&names, if name.is_empty() { format!("column_{}", place + 1) } else { name }));
    }
    names
}

fn unused(names: &[String], name: String) -> String {
    if !names.contains(&name) {
        return name;
    }
    (2_u32..).map(|number| format!("{name}_{number}")).find(|name| !names.contains(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::dataset::IngestError;

    #[test]
    fn finds_the_delimiter() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("a;b;c\n1,5;2,5;3\n1,5;2,5;4\n", b';'),
            ("a\tb\n1,5\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("name;note\n\"x;y\";\"a,b,c\"\n", b';'),
            ("one column\nonly\n", b','),
        ] {
            assert_eq!(of(text).0.delimiter, expected, "{text}");
        }
    }

    #[test]
    fn believes_a_declared_delimiter() {
        let (layout, sample) = of("sep=;\r\na;b,c\r\n1;2\r\n");
        assert_eq!((layout.delimiter, layout.skipped_records), (b';', 2));
        assert_eq!((layout.names, sample.len()), (vec!["a".to_owned(), "b,c".to_owned()], 1));
    }

    #[test]
    fn names_columns_that_have_no_header() {
        let (layout, sample) = of("1,2010-01-01,x\n2,2010-01-02,y\n");
        assert_eq!((layout.names, sample.len()), (["column_1", "column_2", "column_3"].map(str::to_owned).to_vec(), 2));
    }

    #[test]
    fn a_usual_name_makes_a_header() {
        assert_eq!(of("customer_id,2010,2011\n1,2,3\n").0.names, ["customer_id", "2010", "2011"]);
    }

    #[test]
    fn makes_every_name_different() {
        assert_eq!(of("\n\na,,a,a_2,a\n1,2,3,4,5\n").0.names, ["a", "column_2", "a_2", "a_2_2", "a_3"]);
    }

    #[test]
    fn columns_without_name_and_content_are_left_out() {
        assert_eq!(of("a,b,\n1,2,\n3,4,\n").0.names, ["a", "b"]);
        assert_eq!(of("a,b,\n1,2,3\n").0.names, ["a", "b", "column_3"]);
    }

    #[test]
    fn refuses_what_is_no_table() {
        for (text, expected) in [("", "no rows"), ("\n \n", "no rows"), (&",x".repeat(100_000), "100001 columns")] {
            let Err(Stop::Error(IngestError::Unreadable(reason))) = sniffed(text) else {
                panic!("{text} must be refused")
            };
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[test]
    fn knows_binary_content() {
        for (bytes, expected) in [
            (b"\x89PNG\r\n".as_slice(), "PNG picture"),
            (b"PK\x03\x04", "Excel workbook"),
            (b"%PDF-1.7", "PDF"),
            (b"a\0b", "binary data"),
        ] {
            assert!(binary_content(bytes).unwrap().contains(expected));
        }
        assert_eq!(binary_content(b"\xFF\xFEa\0,\0b\0"), None);
        assert_eq!(binary_content("año,b".as_bytes()), None);
    }

    fn of(text: &str) -> (Layout, Sample) {
        sniffed(text).unwrap()
    }

    fn sniffed(text: &str) -> Result<(Layout, Sample), Stop> {
        sniff(Box::new(Cursor::new(text.as_bytes().to_vec())), None)
    }
}
