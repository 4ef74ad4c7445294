//! One pass over a file: from text to batches of typed rows, and to rejected lines. What the cells really are is
//! counted on the way, so that the pass itself tells whether its plan was right.

use std::io::Read;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema, SchemaRef};

use super::rejects::Rejects;
use crate::ingest::columns::cells::Cells;
use crate::ingest::columns::kinds::{Reading, arrow_type};
use crate::ingest::columns::plan::ColumnPlan;
use crate::ingest::dialect::scan::{MAX_FIELDS, Record, Scanner};
use crate::ingest::dialect::sniff::Layout;
use crate::ingest::text::source::{Source, Stop};

/// The size of a batch in memory, approximately; compressed it is about a megabyte.
pub const BATCH_BYTES: usize = 4 << 20;
/// Rows of a batch.
const BATCH_ROWS: usize = 65_536;
/// Characters of a cell that a reason shows.
const SHOWN_CHARS: usize = 60;

/// What a pass needs to know.
pub struct Pass<'a> {
    /// How the file is written.
    pub layout: &'a Layout,
    /// How its columns are read.
    pub plan: &'a [ColumnPlan],
    /// Told how many bytes of the file were read.
    pub progress: &'a (dyn Fn(u64) + Send + Sync),
    /// Bytes of the file that are asked for at once.
    pub block_bytes: usize,
    /// The size of a batch in memory, approximately.
    pub batch_bytes: usize,
}

/// A piece of what a pass has read.
pub enum Piece {
    /// Rows.
    Rows(RecordBatch),
    /// Rejected lines.
    Rejects(RecordBatch),
}

/// What a pass has found.
pub struct Outcome {
    /// How the columns are to be read; where it differs from the plan, the pass has to be repeated with it.
    pub plan: Vec<ColumnPlan>,
    /// Rows that were read.
    pub row_count: u64,
    /// Lines that were rejected.
    pub rejected_row_count: u64,
    /// The first rejected line and why.
    pub first_reject: Option<String>,
}

impl Pass<'_> {
    /// Reads the whole file and gives it away piece by piece; there is at least one piece of either kind.
    ///
    /// # Errors
    /// When the file cannot be read or its pieces are not taken.
    pub fn run(&self, reader: Box<dyn Read + Send>, give: impl FnMut(Piece) -> Result<()>) -> Result<Outcome, Stop> {
        let mut source = Source::new(reader, self.layout.encoding, self.progress).in_blocks_of(self.block_bytes);
        let mut scanner = Scanner::new(self.layout.delimiter);
        let mut table = Table::new(self, give);
        let (mut line, mut skipped) = (1, 0);
        while !source.is_ended() {
            source.fill()?;
            let text = source.text();
            let mut at = 0;
            while at < text.len() {
                let rest = &text[at..];
                let Some(record) = scanner.next(rest, source.is_ended()) else { break };
                if skipped < self.layout.skipped_records {
                    skipped += 1;
                } else {
                    table.add(&scanner, rest, record, line)?;
                }
                line += record.lines;
                at += record.bytes;
            }
            source.consume(at);
        }
        table.finish()
    }
}

/// The rows that were read and not yet given away.
struct Table<'a, G> {
    pass: &'a Pass<'a>,
    schema: SchemaRef,
    cells: Vec<Cells>,
    /// Which of the rows to keep; nothing when all.
    rejected: Vec<usize>,
    rows: usize,
    bytes: usize,
    row_count: u64,
    rejects: Rejects,
    /// The plan is wrong: only the counting goes on.
    is_doomed: bool,
    gave_rows: bool,
    give: G,
}

impl<'a, G: FnMut(Piece) -> Result<()>> Table<'a, G> {
    fn new(pass: &'a Pass<'a>, give: G) -> Self {
        let field = |plan: &ColumnPlan| Field::new(&plan.name, arrow_type(plan.reading.column_type()), true);
        Self {
            pass,
            schema: Arc::new(Schema::new(pass.plan.iter().map(field).collect::<Vec<_>>())),
            cells: pass.plan.iter().map(Cells::new).collect(),
            rejected: Vec::new(),
            rows: 0,
            bytes: 0,
            row_count: 0,
            rejects: Rejects::default(),
            is_doomed: false,
            gave_rows: false,
            give,
        }
    }

    fn add(&mut self, scanner: &Scanner, text: &[u8], record: Record, line: u64) -> Result<()> {
        let (count, expected) = (scanner.field_count(), self.cells.len());
        if count != expected && !self.is_tolerable(scanner, text, record) {
            return self.reject_ragged(scanner, &text[..record.text_bytes], line);
        }
        let mut surprise = None;
        for (index, cells) in self.cells.iter_mut().enumerate() {
            if !cells.push(scanner.field(text, index)) && surprise.is_none() {
                surprise = Some(index);
            }
        }
        if let Some(index) = surprise {
            self.reject_misfit(index, scanner.field(text, index), &text[..record.text_bytes], line);
        }
        self.rows += 1;
        self.bytes += record.text_bytes + 9 * expected;
        self.flush_if_full()
    }

    /// Whether a record has all its fields and nothing in the surplus ones.
    fn is_tolerable(&self, scanner: &Scanner, text: &[u8], record: Record) -> bool {
        let (count, expected) = (scanner.field_count(), self.cells.len());
        let is_empty = |index| scanner.field(text, index).trim_ascii().is_empty();
        record.text_bytes > 0 && count > expected && count <= MAX_FIELDS && (expected..count).all(is_empty)
    }

    fn reject_ragged(&mut self, scanner: &Scanner, text: &[u8], line: u64) -> Result<()> {
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let (count, expected) = (scanner.field_count(), self.cells.len());
        self.rejects.add(line, &format!("has {count} fields; the header has {expected}"), text);
        self.flush_if_full()
    }

    fn reject_misfit(&mut self, index: usize, cell: &[u8], text: &[u8], line: u64) {
        let plan = &self.pass.plan[index];
        self.is_doomed |= !plan.is_strict();
        let cell: String = String::from_utf8_lossy(cell).chars().take(SHOWN_CHARS).collect();
        self.rejects.add(line, &format!("{}: '{cell}' is not {}", plan.name, expectation(plan.reading)), text);
        self.rejected.push(self.rows);
    }

    fn flush_if_full(&mut self) -> Result<()> {
        if self.bytes >= self.pass.batch_bytes || self.rows >= BATCH_ROWS {
            self.flush_rows()?;
        }
        if self.rejects.bytes() >= self.pass.batch_bytes {
            self.flush_rejects()?;
        }
        Ok(())
    }

    fn flush_rows(&mut self) -> Result<()> {
        let columns = self.cells.iter_mut().map(Cells::finish).collect::<Result<_, _>>()?;
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        let kept = self.without_rejected(batch)?;
        (self.rows, self.bytes) = (0, 0);
        self.rejected.clear();
        self.row_count += kept.num_rows() as u64;
        if self.is_doomed || (self.gave_rows && kept.num_rows() == 0) {
            return Ok(());
        }
        self.gave_rows = true;
        (self.give)(Piece::Rows(kept))
    }

    fn without_rejected(&self, batch: RecordBatch) -> Result<RecordBatch> {
        if self.rejected.is_empty() {
            return Ok(batch);
        }
        let mut keep = vec![true; batch.num_rows()];
        for row in &self.rejected {
            keep[*row] = false;
        }
        filter_record_batch(&batch, &BooleanArray::from(keep)).context("leaving rejected rows out")
    }

    fn flush_rejects(&mut self) -> Result<()> {
        let batch = self.rejects.take()?;
        if self.is_doomed { Ok(()) } else { (self.give)(Piece::Rejects(batch)) }
    }

    fn finish(mut self) -> Result<Outcome, Stop> {
        if self.rows > 0 || !self.gave_rows {
            self.flush_rows()?;
        }
        self.flush_rejects()?;
        let columns = self.pass.plan.iter().zip(&self.cells);
        Ok(Outcome {
            plan: columns.map(|(plan, cells)| plan.settled(cells.census())).collect(),
            row_count: self.row_count,
            rejected_row_count: self.rejects.total(),
            first_reject: self.rejects.first().map(str::to_owned),
        })
    }
}

fn expectation(reading: Reading) -> &'static str {
    match reading {
        Reading::Text => "text",
        Reading::Boolean => "true or false",
        Reading::Integer | Reading::Identifier => "a whole number",
        Reading::Decimal(_) => "a number",
        Reading::Date(_) => "a date",
        Reading::Timestamp(_) => "a date and time",
    }
}

#[cfg(test)]
mod tests;
