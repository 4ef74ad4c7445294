//! What is read must depend on the file alone, not on where it was split or on what the sample showed.

use std::io::Cursor;

use arrow::compute::concat_batches;
use domain::csv_dialect::DialectChoice;
use domain::dataset::Roles;
use proptest::prelude::*;

use super::*;
use crate::csv::bytes::source::TextSource;
use crate::csv::columns::statistics::Statistics;
use crate::csv::dialect::block_splitter::BlockSplitter;
use crate::csv::dialect::sniff::{FileHints, sniff};
use crate::csv::read::block_merger::BlockMerger;
use crate::csv::read::guess::guess;

const NAMES: [&str; 4] = ["note", "customer_id", "quantity", "date"];
/// Cells of every kind, the first ones more often.
const CELLS: &[&[&str]] = &[
    &["1", "2", "30", "-4"],
    &["1", "2.5", "17.0", "1e3", "", "NA"],
    &["2,5", "1.234,50", "3", "1,234", "1.234"],
    &["03/04/2020", "05/06/2020", "25/12/2020"],
    &["03/04/2020", "12/25/2020", "1/2/20 10:30"],
    &["2020-01-02", "2020-01-03 10:00", ""],
    &["yes", "no", "sí", "1"],
    &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "many"],
    &["007", "a,b", "with \"quotes\"", "two\nlines", "é", "-"],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_read_does_not_depend_on_the_cuts(
        rows in columns().prop_flat_map(rows),
        sample in 0..40_usize,
        block_bytes in 1..200_usize,
        batch_bytes in 1..500_usize,
    ) {
        let file = written(&rows);
        let expected = read(&file, usize::MAX, 1 << 20, 4 << 20);
        let split = read(&file, sample, block_bytes, batch_bytes);
        prop_assert_eq!(&split.0, &expected.0);
        prop_assert_eq!((&split.1, &split.2), (&expected.1, &expected.2));
    }
}

fn columns() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..CELLS.len(), NAMES.len())
}

/// Rows whose columns have cells of the chosen kinds.
fn rows(kinds: Vec<usize>) -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    let cells: Vec<_> = kinds.into_iter().map(|kind| prop::sample::select(CELLS[kind])).collect();
    prop::collection::vec(cells, 1..60)
}

fn written(rows: &[Vec<&str>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(NAMES).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// The formats of the columns, the rows and the rejected lines, when the first plan is guessed from some rows. The third pass at the
/// latest is right: types of one column may depend on those of another.
fn read(
    file: &[u8],
    sample: usize,
    block_bytes: usize,
    batch_bytes: usize,
) -> (Vec<CellFormat>, RecordBatch, RecordBatch) {
    let open = || Box::new(Cursor::new(file.to_vec()));
    let (layout, mut rows) = sniff(open(), &FileHints::default()).unwrap();
    rows.truncate(sample);
    let choice = DialectChoice::default();
    let mut plan = guess(&layout, &rows, &Roles::new(), &choice);
    for _ in 0..3 {
        let (mut rows, mut rejects) = (Vec::new(), vec![Rejects::default().batch(0).unwrap()]);
        let reader = BlockReader::new(layout.clone(), plan.clone());
        let source = TextSource::new(open(), layout.encoding, block_bytes);
        let mut splitter = BlockSplitter::new(source, &layout.format, layout.skipped_bytes, batch_bytes).unwrap();
        let mut merger = BlockMerger::new(reader.columns(), reader.first_line());
        while let Some(block) = splitter.next().unwrap() {
            let parsed = reader.read(&block).unwrap();
            rows.push(plain(&parsed.rows).unwrap());
            rejects.extend(merger.add(parsed, Statistics::new(reader.columns())).unwrap());
        }
        let found = merger.settle(&plan, &choice).plan;
        let cell_formats = |plan: &[ColumnPlan]| plan.iter().map(|column| column.cell_format).collect::<Vec<_>>();
        if cell_formats(&found) == cell_formats(&plan) {
            let all = |batches: &[RecordBatch]| concat_batches(&batches[0].schema(), batches).unwrap();
            return (cell_formats(&found), all(&rows), all(&rejects));
        }
        plan = found;
    }
    panic!("the third plan is wrong as well");
}
