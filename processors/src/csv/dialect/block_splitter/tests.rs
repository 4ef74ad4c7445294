//! However small the blocks are, their records are those of the whole text.

use std::io::Cursor;

use domain::csv_dialect::{Basis, Escape, LineEnd};
use encoding_rs::UTF_8;
use proptest::prelude::*;

use super::*;
use crate::csv::bytes::encoding::Encoding;
use crate::csv::dialect::scanner::Scanner;

#[test]
fn quoted_line_ends_are_not_cut() {
    assert_eq!(texts("a,b\n1,\"x\ny\"\n2,z\n3,w\n", 4), ["a,b\n", "1,\"x\ny\"\n2,z\n", "3,w\n"]);
    assert_eq!(texts("a\r\nb\r\n", 2), ["a\r\n", "b\r\n"]);
}

#[test]
fn a_quote_within_a_field_opens_nothing() {
    assert_eq!(texts("1,5\" pipe\n2,6\" pipe\n", 4), ["1,5\" pipe\n", "2,6\" pipe\n"]);
}

#[test]
fn a_quote_that_is_not_closed_costs_one_line() {
    let damaged = |text: &str| blocks(text, 1 << 20).into_iter().map(|block| (as_text(&block), block.is_damaged));
    assert_eq!(
        damaged("a,b\n1,\"x\n2,y\n3,z\n").collect::<Vec<_>>(),
        [("a,b\n".to_owned(), false), ("1,\"x\n".to_owned(), true), ("2,y\n3,z\n".to_owned(), false)]
    );
    assert_eq!(
        damaged("1,\"x\n2,\"y\"\n").collect::<Vec<_>>(),
        [("1,\"x\n".to_owned(), true), ("2,\"y\"\n".to_owned(), false)]
    );
    assert_eq!(damaged("\"").collect::<Vec<_>>(), [("\"".to_owned(), true)]);
}

#[test]
fn a_line_without_an_end_is_given_up_early() {
    for begin in ["", "\""] {
        let reader = std::io::Read::chain(Cursor::new(begin), std::io::repeat(b'x'));
        let mut splitter = splitter(Box::new(reader), &comma(), 1 << 20);
        let Err(IngestError::Unreadable(sentence)) = splitter.next() else { panic!("must be given up") };
        assert!(sentence.contains("more than 4 MB"), "{sentence}");
    }
}

#[test]
fn many_open_quotes_do_not_take_for_ever() {
    let line = format!("\"{}\n", "\\\"".repeat(50));
    let format = RecordFormat { escape: Escape::Backslash, ..comma() };
    let mut splitter = splitter(Box::new(Cursor::new(line.repeat(100_000))), &format, BLOCK_BYTES);
    let stopped = std::iter::from_fn(|| splitter.next().transpose()).find_map(Result::err);
    assert!(matches!(stopped, Some(IngestError::Unreadable(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_records_do_not_depend_on_the_blocks(
        text in "[ab,\"\\\\\r\n ]{0,60}",
        block_bytes in 1..30_usize,
        escape in prop::sample::select(vec![Escape::Doubled, Escape::Backslash]),
        line_end in prop::sample::select(vec![LineEnd::Any, LineEnd::Lf, LineEnd::Cr]),
        is_spaced in any::<bool>(),
    ) {
        let format = RecordFormat { escape, line_end, is_spaced, ..comma() };
        let whole: Vec<_> = blocks_of(&text, &format, 1 << 20).iter().flat_map(|block| records(block, &format)).collect();
        let split: Vec<_> = blocks_of(&text, &format, block_bytes).iter().flat_map(|block| records(block, &format)).collect();
        prop_assert_eq!(&split, &whole);
        prop_assert_eq!(split.concat(), text);
    }
}

/// The records of a block with their line ends. A damaged line is one.
fn records(block: &Block, format: &RecordFormat) -> Vec<String> {
    if block.is_damaged {
        return vec![as_text(block)];
    }
    let (mut scanner, mut rest, mut records) = (Scanner::new(format), block.text.as_slice(), Vec::new());
    while !rest.is_empty() {
        let record = scanner.next(rest, true).unwrap();
        records.push(String::from_utf8(rest[..record.bytes].to_vec()).unwrap());
        rest = &rest[record.bytes..];
    }
    records
}

fn texts(text: &str, block_bytes: usize) -> Vec<String> {
    blocks(text, block_bytes).iter().map(as_text).collect()
}

fn as_text(block: &Block) -> String {
    String::from_utf8(block.text.clone()).unwrap()
}

fn blocks(text: &str, block_bytes: usize) -> Vec<Block> {
    blocks_of(text, &comma(), block_bytes)
}

fn blocks_of(text: &str, format: &RecordFormat, block_bytes: usize) -> Vec<Block> {
    let mut splitter = splitter(Box::new(Cursor::new(text.to_owned())), format, block_bytes);
    std::iter::from_fn(|| splitter.next().unwrap()).collect()
}

fn splitter(reader: Box<dyn std::io::Read + Send>, format: &RecordFormat, block_bytes: usize) -> BlockSplitter {
    let encoding = Encoding { standard: UTF_8, mark_bytes: 0, confidence: 1.0, basis: Basis::Detected };
    BlockSplitter::new(TextSource::new(reader, encoding, block_bytes.min(1 << 20)), format, 0, block_bytes).unwrap()
}

fn comma() -> RecordFormat {
    RecordFormat::separated_by(",")
}
