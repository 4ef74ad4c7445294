//! Reads one block of a file: typed rows and rejected lines. Blocks know nothing of each other, so threads can read them
//! at the same time; what depends on the whole file (line numbers, types) is put together from their results. What the
//! cells really are is counted on the way, so that the reading itself tells whether its plan was right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema};
use encoding_rs::UTF_8;

use crate::csv::bytes::encoding::Damage;
use crate::csv::columns::column_builder::ColumnBuilder;
use crate::csv::columns::plan::ColumnPlan;
use crate::csv::columns::type_counts::TypeCounts;
use crate::csv::dialect::block_splitter::Block;
use crate::csv::dialect::scanner::{MAX_FIELDS, Record, Scanner};
use crate::csv::dialect::sniff::Layout;
use crate::csv::read::footer;
use crate::csv::read::rejects::Rejects;
use crate::csv::values::kinds::CellFormat;

/// Characters of a cell that a reason shows.
const SHOWN_CHARS: usize = 60;
/// Bytes of lines in another encoding that are kept to recognise it.
const FOREIGN_BYTES: usize = 16 << 10;

/// What is known to read a block.
pub(crate) struct BlockReader {
    layout: Layout,
    plan: Vec<ColumnPlan>,
    /// The plan turned out to be wrong: only the counting matters now.
    is_doomed: AtomicBool,
    /// The rows of a block that was read, which the next will have about as well.
    rows: AtomicUsize,
}

/// What was read of a block.
pub(crate) struct ParsedBlock {
    /// The rows.
    pub(crate) rows: RecordBatch,
    /// The rejected lines.
    pub(crate) rejects: Rejects,
    /// How many lines the block has.
    pub(crate) lines: u64,
    /// What the cells of each column are, where they were counted.
    pub(crate) type_counts: Vec<Option<TypeCounts>>,
    /// How well the block is encoded.
    pub(crate) damage: Damage,
    /// Some of the lines that are not.
    pub(crate) foreign: Vec<u8>,
}

impl BlockReader {
    /// Reads blocks that are written like this into columns of these kinds.
    pub(crate) fn new(layout: Layout, plan: Vec<ColumnPlan>) -> Self {
        Self { layout, plan, is_doomed: AtomicBool::new(false), rows: AtomicUsize::new(0) }
    }

    /// How many columns there are.
    pub(crate) fn columns(&self) -> usize {
        self.plan.len()
    }

    /// The line of the first row.
    pub(crate) fn first_line(&self) -> u64 {
        self.layout.first_line
    }

    /// Whether a block showed that the plan is wrong.
    pub(crate) fn is_doomed(&self) -> bool {
        self.is_doomed.load(Ordering::Relaxed)
    }

    /// Reads a block.
    ///
    /// # Errors
    /// Only when the rows do not fit the schema, which they do.
    pub(crate) fn read(&self, block: &Block) -> Result<ParsedBlock> {
        let mut rows = BlockRows::new(self, block);
        if block.is_damaged {
            rows.reject(1, None, "a quotation mark is opened and never properly closed", &block.text);
            return rows.finish(count_lines(&block.text));
        }
        let mut scanner = Scanner::new(&self.layout.format);
        let footer = block.is_last.then(|| footer::find(&block.text, &mut scanner)).flatten();
        let (mut at, mut lines) = (0, 0);
        while let Some(record) = scanner.next(&block.text[at..], true).filter(|record| record.bytes > 0) {
            if footer == Some(at) {
                rows.reject(lines + 1, None, "a line of totals, not a row", &block.text[at..at + record.text_bytes]);
            } else {
                rows.add(&scanner, &block.text[at..], record, lines + 1);
            }
            lines += record.lines;
            at += record.bytes;
        }
        rows.finish(lines)
    }
}

/// A damaged line has one line, and its last may lack an end.
fn count_lines(text: &[u8]) -> u64 {
    (memchr::memchr_iter(b'\n', text).count() as u64).max(1)
}

/// The rows of a block.
struct BlockRows<'a> {
    reader: &'a BlockReader,
    columns: Vec<ColumnBuilder>,
    /// Rows that a cell turned out not to fit.
    misfits: Vec<usize>,
    rows: usize,
    rejects: Rejects,
    /// Every record has to be checked: some have bytes that no text has.
    has_damage: bool,
    damage: Damage,
    foreign: Vec<u8>,
}

impl<'a> BlockRows<'a> {
    fn new(reader: &'a BlockReader, block: &Block) -> Self {
        let is_sound = std::str::from_utf8(&block.text).is_ok() && memchr::memchr(0, &block.text).is_none();
        // A little more room costs less than to grow.
        let rows = reader.rows.load(Ordering::Relaxed);
        let room = rows + rows / 16;
        Self {
            reader,
            columns: reader.plan.iter().map(|plan| ColumnBuilder::new(plan, room)).collect(),
            misfits: Vec::new(),
            rows: 0,
            rejects: Rejects::default(),
            has_damage: !is_sound,
            damage: if is_sound { Damage::default() } else { Damage::of(&block.text) },
            foreign: Vec::new(),
        }
    }

    fn add(&mut self, scanner: &Scanner, text: &[u8], record: Record, line: u64) {
        let (count, expected) = (scanner.field_count(), self.columns.len());
        let record_text = &text[..record.text_bytes];
        let is_row = count == expected || (count > expected && is_padded(scanner, text, expected));
        if record_text.is_empty() || (!is_row && record_text.trim_ascii().is_empty()) {
            return;
        }
        if self.has_damage && self.reject_damage(scanner, text, record_text, line) {
            return;
        }
        if let Some(index) = scanner.malformed() {
            let column = self.reader.plan.get(index).map(|plan| plan.name.as_str());
            return self.reject(line, column, "something follows the closing quotation mark", record_text);
        }
        if !is_row {
            let reason = format!("has {count} fields; the header has {expected}");
            return self.reject(line, None, &reason, record_text);
        }
        let mut misfit = None;
        for (index, column) in self.columns.iter_mut().enumerate() {
            if !column.push(scanner.field(text, index)) && misfit.is_none() {
                misfit = Some(index);
            }
        }
        if let Some(index) = misfit {
            self.reject_misfit(index, scanner.field(text, index), record_text, line);
        }
        self.rows += 1;
    }

    /// Rejects a record with bytes that no text has.
    fn reject_damage(&mut self, scanner: &Scanner, text: &[u8], record: &[u8], line: u64) -> bool {
        let Some((character, what)) = undecodable(record, self.reader.layout.encoding.standard) else { return false };
        if self.foreign.len() < FOREIGN_BYTES {
            self.foreign.extend_from_slice(&record[..record.len().min(FOREIGN_BYTES)]);
            self.foreign.push(b'\n');
        }
        let is_damaged = |index: &usize| undecodable(scanner.field(text, *index), UTF_8).is_some();
        let index = (0..scanner.field_count().min(MAX_FIELDS)).find(is_damaged);
        let column = index.and_then(|index| self.reader.plan.get(index)).map(|plan| plan.name.as_str());
        self.reject(line, column, &format!("character {character} of the line: {what}"), record);
        true
    }

    fn reject(&mut self, line: u64, column: Option<&str>, reason: &str, text: &[u8]) {
        self.rejects.add(line, column, reason, text);
    }

    fn reject_misfit(&mut self, index: usize, cell: &[u8], text: &[u8], line: u64) {
        let plan = &self.reader.plan[index];
        if !plan.is_strict() {
            self.reader.is_doomed.store(true, Ordering::Relaxed);
        }
        let cell: String = String::from_utf8_lossy(cell).chars().take(SHOWN_CHARS).collect();
        self.rejects.add(line, Some(&plan.name), &format!("'{cell}' is not {}", expectation(plan.cell_format)), text);
        self.misfits.push(self.rows);
    }

    fn finish(mut self, lines: u64) -> Result<ParsedBlock> {
        self.reader.rows.store(self.rows, Ordering::Relaxed);
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect::<Result<_, _>>()?;
        let rows = batch(&self.reader.plan, columns)?;
        Ok(ParsedBlock {
            rows: without(rows, &self.misfits)?,
            rejects: self.rejects,
            lines,
            type_counts: self.columns.into_iter().map(ColumnBuilder::into_counts).collect(),
            damage: self.damage,
            foreign: self.foreign,
        })
    }
}

/// Whether the surplus fields of a record are empty: some programs end every line with a delimiter.
fn is_padded(scanner: &Scanner, text: &[u8], expected: usize) -> bool {
    let count = scanner.field_count();
    count <= MAX_FIELDS && (expected..count).all(|index| scanner.field(text, index).trim_ascii().is_empty())
}

/// The first position, in characters from 1, that cannot be text, and what is there.
fn undecodable(text: &[u8], encoding: &'static encoding_rs::Encoding) -> Option<(usize, String)> {
    let (valid, bad) = match std::str::from_utf8(text) {
        Ok(text) => (text, None),
        Err(error) => {
            let (valid, rest) = text.split_at(error.valid_up_to());
            (std::str::from_utf8(valid).unwrap_or_default(), rest.first())
        }
    };
    if let Some(nul) = valid.find('\0') {
        return Some((valid[..nul].chars().count() + 1, "a NUL byte is no text".to_owned()));
    }
    let what = match bad? {
        byte if encoding == UTF_8 => format!("the byte 0x{byte:02X} is not UTF-8"),
        _ => format!("the bytes are not {}", encoding.name()),
    };
    Some((valid.chars().count() + 1, what))
}

fn batch(plan: &[ColumnPlan], columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    let fields =
        plan.iter().zip(&columns).map(|(plan, column)| Field::new(&plan.name, column.data_type().clone(), true));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)?)
}

fn without(rows: RecordBatch, misfits: &[usize]) -> Result<RecordBatch> {
    if misfits.is_empty() {
        return Ok(rows);
    }
    // A dictionary would keep the texts of the rows that go.
    let rows = plain(&rows)?;
    let mut keep = vec![true; rows.num_rows()];
    misfits.iter().for_each(|row| keep[*row] = false);
    filter_record_batch(&rows, &BooleanArray::from(keep)).context("leaving rejected rows out")
}

/// The rows with all their texts written out.
fn plain(rows: &RecordBatch) -> Result<RecordBatch> {
    let text = |column: &ArrayRef| match column.data_type() {
        DataType::Dictionary(..) => cast(column, &DataType::Utf8),
        _ => Ok(column.clone()),
    };
    let columns: Vec<ArrayRef> = rows.columns().iter().map(text).collect::<Result<_, _>>()?;
    let names = rows.schema_ref().fields().iter().map(|field| field.name());
    Ok(RecordBatch::try_from_iter_with_nullable(names.zip(columns).map(|(name, column)| (name, column, true)))?)
}

fn expectation(cell_format: CellFormat) -> &'static str {
    match cell_format {
        CellFormat::Text => "text",
        CellFormat::Boolean => "true or false",
        CellFormat::Integer | CellFormat::Identifier => "a whole number",
        CellFormat::Decimal(_) => "a number",
        CellFormat::Date(_) => "a date",
        CellFormat::Timestamp(_) => "a date and time",
        CellFormat::CompactDate => "a date like 20201231",
        CellFormat::Epoch => "a number of seconds since 1970",
    }
}

#[cfg(test)]
mod tests;
