//! What is found must be what another reader finds, and the same however much of the text is seen.

use domain::csv_dialect::{Escape, LineEnd};
use proptest::prelude::*;

use super::*;

#[test]
fn keeps_line_ends_and_quotes_of_quoted_fields() {
    let text = "a,\"b\r\nc\",\"d \"\"e\"\"\"\r\n1,2,3";
    assert_eq!(records(text, &comma()), [["a", "b\r\nc", "d \"e\""], ["1", "2", "3"]]);
}

#[test]
fn counts_the_lines_of_a_record() {
    let mut scanner = Scanner::new(&comma());
    let record = scanner.next(b"a,\"b\nc\nd\"\nnext", false).unwrap();
    assert_eq!(record, Record { text_bytes: 9, bytes: 10, lines: 3 });
}

#[test]
fn waits_for_the_end_of_a_record() {
    for text in ["a", "a,b", "a,\"b", "a,\"b\"", "a\r"] {
        assert_eq!(Scanner::new(&comma()).next(text.as_bytes(), false), None, "{text:?}");
    }
}

#[test]
fn keeps_a_bounded_number_of_fields() {
    let mut scanner = Scanner::new(&comma());
    scanner.next(&vec![b','; 100_000], true).unwrap();
    assert_eq!((scanner.field_count(), scanner.fields.len()), (100_001, MAX_FIELDS));
}

#[test]
fn a_delimiter_may_have_several_characters() {
    let text = "a, b,c, d\n\"x, y\", \"z\",w, v\n1, 2, 3\n";
    assert_eq!(
        records(text, &RecordFormat::separated_by(", ")),
        [vec!["a", "b,c", "d"], vec!["x, y", "z,w", "v"], vec!["1", "2", "3"]]
    );
    assert_eq!(records("a||b|c||\n", &RecordFormat::separated_by("||")), [["a", "b|c", ""]]);
}

#[test]
fn any_amount_of_whitespace_may_separate() {
    let text = "  a  b\tc \n\"x y\"   1 2\n";
    assert_eq!(records(text, &RecordFormat::separated_by("whitespace")), [["a", "b", "c"], ["x y", "1", "2"]]);
}

#[test]
fn spaces_may_stand_around_quotes() {
    let format = RecordFormat { is_spaced: true, ..comma() };
    assert_eq!(records("a, \"b, c\" , d\n", &format), [["a", "b, c", " d"]]);
}

#[test]
fn a_backslash_may_hide_a_quote() {
    let format = RecordFormat { escape: Escape::Backslash, ..comma() };
    assert_eq!(records("\"a \\\"b\\\", \\\\\",c\\d\n", &format), [["a \"b\", \\", "c\\d"]]);
}

#[test]
fn other_line_ends_belong_to_the_cell() {
    let of = |line_end, text| records(text, &RecordFormat { line_end, ..comma() });
    assert_eq!(of(LineEnd::Cr, "a,b\nc\rd,e\r"), [["a", "b\nc"], ["d", "e"]]);
    assert_eq!(of(LineEnd::Lf, "a,b\rc\r\nd,\"e\"\r\n"), [["a", "b\rc"], ["d", "e"]]);
}

#[test]
fn says_where_something_follows_a_closing_quote() {
    let mut scanner = Scanner::new(&comma());
    scanner.next(b"a,\"b\" c,\"d\"\n", true).unwrap();
    assert_eq!(scanner.malformed(), Some(1));
    scanner.next(b"a,b \"c\",d\n", true).unwrap();
    assert_eq!(scanner.malformed(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn reads_what_the_csv_crate_reads(
        text in "[ab,;\"'\\\\\r\n é]{0,40}",
        delimiter in prop::sample::select(vec![",", ";"]),
        quote in prop::sample::select(vec![Some(b'"'), Some(b'\''), None]),
        escape in prop::sample::select(vec![Escape::Doubled, Escape::Backslash]),
        line_end in prop::sample::select(vec![LineEnd::Any, LineEnd::Cr]),
    ) {
        let format = RecordFormat { quote, escape, line_end, ..RecordFormat::separated_by(delimiter) };
        let mut expected = of_csv_crate(&text, &format);
        expected.retain(|record| record != &[""]);
        let mut found = records(&text, &format);
        found.retain(|record| record != &[""]);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn finds_the_same_however_much_it_sees(text in "[ab,\"\r\n]{0,30}\n[ab]") {
        let mut whole = Scanner::new(&comma());
        let record = whole.next(text.as_bytes(), true).unwrap();
        for seen in 0..=text.len() {
            if let Some(early) = Scanner::new(&comma()).next(&text.as_bytes()[..seen], false) {
                prop_assert_eq!(early, record);
            }
        }
    }
}

fn comma() -> RecordFormat {
    RecordFormat::separated_by(",")
}

fn of_csv_crate(text: &str, format: &RecordFormat) -> Vec<Vec<String>> {
    let Delimiter::Text(delimiter) = &format.delimiter else { panic!("the csv crate needs a byte") };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter[0])
        .quote(format.quote.unwrap_or(b'"'))
        .quoting(format.quote.is_some())
        .escape(format.escape_byte())
        .terminator(if format.line_end == LineEnd::Cr { csv::Terminator::Any(b'\r') } else { csv::Terminator::CRLF })
        .from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The records that are not blank, as the csv crate leaves blank lines out.
fn records(text: &str, format: &RecordFormat) -> Vec<Vec<String>> {
    let (mut scanner, mut rest, mut records) = (Scanner::new(format), text.as_bytes(), Vec::new());
    while !rest.is_empty() {
        let record = scanner.next(rest, true).unwrap();
        let cell = |index| String::from_utf8(scanner.field(rest, index).to_vec()).unwrap();
        if record.text_bytes > 0 {
            records.push((0..scanner.field_count()).map(cell).collect());
        }
        rest = &rest[record.bytes..];
    }
    records
}
