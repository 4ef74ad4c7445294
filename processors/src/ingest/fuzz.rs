//! Any bytes at all are read or refused: without a panic, without an end that never comes, and the same however they
//! are cut. CONTRIBUTING.md says how to look longer.

use std::io::Cursor;
use std::sync::Arc;

use domain::dataset::Roles;
use domain::dialect::DialectChoice;
use proptest::prelude::*;

use super::columns::kinds::Reading;
use super::columns::plan;
use super::columns::statistics::Statistics;
use super::dataset::IngestError;
use super::dialect::cut::Cutter;
use super::dialect::sniff::{Known, Layout, Sample, sniff};
use super::reading::parse::Reader;
use super::reading::total::Total;
use super::text::content::{Bytes, Content};
use super::text::source::{Source, Stop};

const BLOCK_BYTES: usize = 1 << 20;
/// What files are made of, and what breaks readers.
const PIECES: [&[u8]; 36] = [
    b",",
    b";",
    b"\t",
    b"|",
    b", ",
    b"||",
    b" ",
    b"\n",
    b"\r\n",
    b"\r",
    b"\"",
    b"\"\"",
    b"'",
    b"\\",
    b"\\\"",
    b"sep=;\n",
    b"Total",
    b"customer_id",
    b"date",
    b"quantity",
    b"1",
    b"0042",
    b"1,5",
    b"1.234,50",
    b"\xE2\x82\xAC 5",
    b"12%",
    b"03/04/2020",
    b"20200403",
    b"1291191960",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\x00",
    b"\xE9",
    b"\xC3\xA9",
    b"\x1F\x8B\x08",
    b"PK\x03\x04",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn any_pieces_of_files_are_read_or_refused(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..120)) {
        check(&pieces.concat());
    }
}

/// As many as the environment says, or a few seconds' worth.
fn cases() -> u32 {
    let default = ProptestConfig::default().cases;
    if default == 256 { 1_500 } else { default }
}

fn check(bytes: &[u8]) {
    let bytes = bytes.to_vec();
    let open = move || Ok(Box::new(Cursor::new(bytes.clone())) as Bytes);
    let Some(content) = readable(Content::new(open, Arc::new(|_| ())).map_err(Stop)) else { return };
    let known = Known { compression: content.compression(), ..Known::default() };
    let Some((layout, sample)) = readable(sniff(content.reader().unwrap(), &known)) else { return };
    let whole = readable(read(content.reader().unwrap(), &layout, &sample, BLOCK_BYTES));
    // Where delimiters can overlap, a quote may stand at the beginning of a field in one way and not in the other.
    if layout.format.delimiter.bytes() == 1 {
        assert_eq!(readable(read(content.reader().unwrap(), &layout, &sample, 7)), whole);
    }
}

/// What came out of one reading, or nothing of a file that cannot be used. Anything else that fails is a bug.
fn readable<T>(result: Result<T, Stop>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(Stop(IngestError::Unreadable(sentence))) => {
            assert!(sentence.ends_with('.') && sentence.len() < 2_000, "{sentence}");
            None
        }
        Err(Stop(IngestError::Failed(error))) => panic!("{error:#}"),
    }
}

/// What one pass tells: the readings of the columns, how many rows and rejected lines there are, and the first of these.
fn read(
    reader: Bytes,
    layout: &Layout,
    sample: &Sample,
    block_bytes: usize,
) -> Result<(Vec<Reading>, u64, u64, Option<String>), Stop> {
    let choice = DialectChoice::default();
    let plan = plan::guess(layout, sample, &Roles::new(), &choice);
    let rows = Reader::new(layout.clone(), plan.clone());
    let source = Source::new(reader, layout.encoding, block_bytes);
    let mut cutter = Cutter::new(source, &layout.format, layout.skipped_bytes, block_bytes)?;
    let mut total = Total::new(rows.columns(), rows.first_line());
    while let Some(block) = cutter.next()? {
        let parsed = rows.read(&block)?;
        let mut statistics = Statistics::new(rows.columns());
        statistics.add(&parsed.rows);
        total.add(parsed, statistics)?;
    }
    assert_eq!(total.statistics.columns(&plan).len(), layout.names.len());
    let readings = total.settle(&plan, &choice).plan.iter().map(|plan| plan.reading).collect();
    Ok((readings, total.row_count, total.rejected_row_count, total.first_reject))
}
