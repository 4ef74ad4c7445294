//! Finds the line with the names of the columns: what precedes it is a preamble; where there is none, the columns are
//! numbered.

use crate::csv::columns::header_names::suggestion;
use crate::csv::dialect::detect::usual;
use crate::csv::values::kinds::Kinds;
use crate::csv::values::recognise::{is_null, kinds};

/// Characters of a name that are kept.
const NAME_MAX_CHARS: usize = 200;
/// Records that may precede the names.
const PREAMBLE_RECORDS: usize = 50;

/// One of the first records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FirstRecord {
    /// The line it begins in, from 1.
    pub(crate) line: u64,
    /// How many fields it has, of which not all may be kept.
    pub(crate) width: usize,
    /// Its fields.
    pub(crate) fields: Vec<Vec<u8>>,
    /// Where the next record begins: its index in the text and its line.
    pub(crate) next: (usize, u64),
}

/// Where the names are, or that there are none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    /// The index of the record with the names.
    pub(crate) names: Option<usize>,
    /// The index of the first row.
    pub(crate) rows: usize,
    /// How sure that is, from 0 to 1.
    pub(crate) confidence: f64,
}

impl FirstRecord {
    /// Whether it is an empty line.
    pub(crate) fn is_blank(&self) -> bool {
        self.filled() == 0 && self.width <= 1
    }

    fn filled(&self) -> usize {
        self.fields.iter().filter(|field| !field.trim_ascii().is_empty()).count()
    }
}

/// Finds the header among the first records. `chosen` is the line that a person named; 0 for none.
pub(crate) fn header(records: &[FirstRecord], chosen: Option<u64>) -> Header {
    let first = first_of_table(records);
    match chosen {
        Some(0) => Header { names: None, rows: first, confidence: 1.0 },
        Some(line) => {
            let index = records.iter().rposition(|record| record.line <= line).unwrap_or(first);
            Header { names: Some(index), rows: index + 1, confidence: 1.0 }
        }
        None => {
            let (is_header, confidence) = is_header(records.get(first), records.get(first + 1..).unwrap_or_default());
            Header { names: is_header.then_some(first), rows: first + usize::from(is_header), confidence }
        }
    }
}

/// The first record that is as full as the others usually are.
fn first_of_table(records: &[FirstRecord]) -> usize {
    let filled = |record: &FirstRecord| !record.is_blank();
    let usually = usual(records.iter().filter(|record| filled(record)).map(FirstRecord::filled));
    let width = usual(records.iter().filter(|record| filled(record)).map(|record| record.width));
    let belongs = |record: &FirstRecord| filled(record) && record.filled() * 2 > usually && record.width * 2 > width;
    let first = records.iter().take(PREAMBLE_RECORDS).position(belongs);
    first.or_else(|| records.iter().position(filled)).unwrap_or(0)
}

/// A header has a usual name, or nothing but text. It is surer when the rows below hold something else.
fn is_header(first: Option<&FirstRecord>, rows: &[FirstRecord]) -> (bool, f64) {
    let Some(first) = first else { return (false, 0.5) };
    let cells = || first.fields.iter().map(|cell| cell.trim_ascii());
    let text = |cell: &[u8]| is_null(cell) || kinds(cell) == Kinds::NONE;
    let is_usual = |cell: &[u8]| suggestion(&String::from_utf8_lossy(cell)).is_some();
    let has_values = |index: usize| {
        rows.iter().take(100).any(|row| row.fields.get(index).is_some_and(|cell| !text(cell.trim_ascii())))
    };
    // A name above values; years may stand beside it.
    if cells().enumerate().any(|(index, cell)| text(cell) && is_usual(cell) && has_values(index)) {
        return (true, 0.99);
    }
    if !cells().all(text) || cells().all(is_null) {
        return (false, 0.9);
    }
    let is_surer = cells().any(is_usual) || (0..first.fields.len()).any(has_values);
    (true, if is_surer { 0.95 } else { 0.6 })
}

/// The names of the columns; without one it is `column_3`, the second `price` is `price_2`. Columns at the end
/// without name and content come from lines that end in a delimiter and are left out.
pub(crate) fn names(header: Option<&FirstRecord>, rows: &[FirstRecord]) -> Vec<String> {
    let is_empty =
        |record: &FirstRecord, index: usize| record.fields.get(index).is_none_or(|cell| cell.trim_ascii().is_empty());
    let mut width = width(header, rows);
    while width > 1
        && !rows.is_empty()
        && header.is_some_and(|header| is_empty(header, width - 1))
        && rows.iter().all(|row| is_empty(row, width - 1))
    {
        width -= 1;
    }
    let mut names: Vec<String> = Vec::with_capacity(width);
    for index in 0..width {
        let cell = header.and_then(|header| header.fields.get(index)).map_or(&[][..], Vec::as_slice);
        let name: String = String::from_utf8_lossy(cell.trim_ascii()).chars().take(NAME_MAX_CHARS).collect();
        let name = name.replace(char::is_control, " ");
        names.push(unused(&names, if name.is_empty() { format!("column_{}", index + 1) } else { name }));
    }
    names
}

/// Rows that usually have more fields than the header make the table wider, if something is in them.
fn width(header: Option<&FirstRecord>, rows: &[FirstRecord]) -> usize {
    let usually = usual(rows.iter().map(|row| row.width));
    let Some(header) = header else { return usually };
    let wider = rows.iter().filter(|row| row.width == usually).count() * 2 > rows.len();
    if usually > header.width && wider { usually } else { header.width }
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

    #[test]
    fn a_preamble_is_not_the_header() {
        let text = "Sales of 2020;;;\nFrom:;2020-01-01;;\n\nid;name;price;when\n1;a;2;2020-01-01\n2;b;3;2020-01-02\n";
        let found = header(&records(text), None);
        assert_eq!((found.names, found.rows), (Some(3), 4));
        assert_eq!(header(&records("made by hand\nid;name\n1;a\n2;b\n"), None).names, Some(1));
    }

    #[test]
    fn values_in_the_first_line_mean_that_there_is_no_header() {
        assert_eq!(header(&records("1;2010-01-01;x\n2;2010-01-02;y\n"), None).names, None);
        assert_eq!(header(&records("customer_id;2010;2011\n1;2;3\n"), None).names, Some(0));
        assert_eq!(header(&records("12;order;2020-01-01;5\n13;x;2020-01-01;7\n"), None).names, None);
    }

    #[test]
    fn a_person_may_name_the_line() {
        let records = records("x;y\n\n1;2\n3;4\n");
        assert_eq!(header(&records, Some(3)), Header { names: Some(2), rows: 3, confidence: 1.0 });
        assert_eq!(header(&records, Some(0)).rows, 0);
    }

    #[test]
    fn makes_every_name_different() {
        assert_eq!(named("a;;a;a_2;a\n1;2;3;4;5\n"), ["a", "column_2", "a_2", "a_2_2", "a_3"]);
    }

    #[test]
    fn columns_without_name_and_content_are_left_out() {
        assert_eq!(named("a;b;\n1;2;\n3;4;\n"), ["a", "b"]);
        assert_eq!(named("a;b;\n1;2;3\n"), ["a", "b", "column_3"]);
        assert_eq!(named("a;b\n1;2;\n3;4;\n"), ["a", "b"]);
        assert_eq!(named("a;b\n1;2;3\n3;4;5\n"), ["a", "b", "column_3"]);
    }

    fn named(text: &str) -> Vec<String> {
        let records = records(text);
        names(Some(&records[0]), &records[1..])
    }

    fn records(text: &str) -> Vec<FirstRecord> {
        let record = |(line, text): (u64, &str)| {
            let fields: Vec<Vec<u8>> = text.split(';').map(|cell| cell.as_bytes().to_vec()).collect();
            FirstRecord { line, width: fields.len(), fields, next: (0, line + 1) }
        };
        (1..).zip(text.lines()).map(record).collect()
    }
}
