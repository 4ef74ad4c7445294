//! The lines of a file that could not be read, each with its reason.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{RecordBatch, StringBuilder, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};

/// Characters of a rejected record that are kept.
const TEXT_MAX_CHARS: usize = 1_000;
/// Bytes of the rejected lines of one block that are kept; further ones are only counted.
const KEPT_BYTES: usize = 8 << 20;

/// The rejected lines of a block.
#[derive(Default)]
pub(crate) struct Rejects {
    /// Counted from the first line of the block.
    lines: Vec<u64>,
    columns: StringBuilder,
    reasons: StringBuilder,
    texts: StringBuilder,
    bytes: usize,
    /// Those that are counted and not kept, and the line of the last one.
    further: (u64, u64),
    first: Option<(u64, String)>,
}

impl Rejects {
    /// Notes that the record which begins at a line of the block was rejected, perhaps because of a column.
    pub(crate) fn add(&mut self, line: u64, column: Option<&str>, reason: &str, text: &[u8]) {
        if self.first.is_none() {
            let column = column.map_or_else(String::new, |column| format!("{column}: "));
            self.first = Some((line, format!("{column}{reason}")));
        }
        if self.bytes > KEPT_BYTES {
            self.further = (self.further.0 + 1, line);
            return;
        }
        let text: String = String::from_utf8_lossy(text).chars().take(TEXT_MAX_CHARS).collect();
        self.push(line, column, reason, &text);
    }

    fn push(&mut self, line: u64, column: Option<&str>, reason: &str, text: &str) {
        self.lines.push(line);
        self.columns.append_option(column);
        self.reasons.append_value(reason);
        self.texts.append_value(text);
        self.bytes += text.len() + reason.len() + 32;
    }

    /// How many lines were rejected in all.
    pub(crate) fn total(&self) -> u64 {
        self.lines.len() as u64 + self.further.0
    }

    /// The first line, counted from the first of the file, and its reason, for a person.
    pub(crate) fn first(&self, lines_before: u64) -> Option<String> {
        self.first.as_ref().map(|(line, reason)| format!("Line {}: {reason}", lines_before + line))
    }

    /// The lines as rows, with the lines counted from the first one of the file.
    ///
    /// # Errors
    /// Never, as the columns have one length.
    pub(crate) fn batch(mut self, lines_before: u64) -> Result<RecordBatch> {
        let (further, line) = self.further;
        if further > 0 {
            self.push(line, None, &format!("{further} further lines up to this one were left out"), "");
        }
        let fields = vec![
            Field::new("line", DataType::UInt64, false),
            Field::new("column", DataType::Utf8, true),
            Field::new("reason", DataType::Utf8, false),
            Field::new("text", DataType::Utf8, false),
        ];
        let lines: UInt64Array = self.lines.iter().map(|line| lines_before + line).collect();
        let columns = vec![
            Arc::new(lines) as _,
            Arc::new(self.columns.finish()) as _,
            Arc::new(self.reasons.finish()) as _,
            Arc::new(self.texts.finish()) as _,
        ];
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::UInt64Type;

    use super::*;

    #[test]
    fn further_lines_are_counted_in_bounded_memory() {
        let mut rejects = Rejects::default();
        for line in 0..20_000 {
            rejects.add(line, None, "too long", &[b'x'; 900]);
        }
        let total = rejects.total();
        let batch = rejects.batch(10).unwrap();
        let rows = batch.num_rows();
        assert_eq!((total, rows < 10_000), (20_000, true));
        assert_eq!(batch.column(0).as_primitive::<UInt64Type>().value(rows - 1), 20_009);
        let further = format!("{} further lines up to this one were left out", 20_001 - rows);
        assert_eq!(batch.column(2).as_string::<i32>().value(rows - 1), further);
    }
}
