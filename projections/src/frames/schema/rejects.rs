//! The lines of a dataset's file that could not be read, in the order of the file.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{RecordBatch, StringArray, StringBuilder, UInt64Array};

use super::column::{FrameColumn, schema};

/// The frame of rejected lines.
pub struct RejectsFrame;

impl RejectsFrame {
    /// Counted from the first line of the file, as an editor does.
    pub const LINE: FrameColumn<UInt64Array> = FrameColumn::required(0, "line");
    /// The column that is to blame, if it is one.
    pub const COLUMN: FrameColumn<StringArray> = FrameColumn::nullable(1, "column");
    /// Why it was rejected, for a person.
    pub const REASON: FrameColumn<StringArray> = FrameColumn::required(2, "reason");
    /// The line, or the beginning of a long one.
    pub const TEXT: FrameColumn<StringArray> = FrameColumn::required(3, "text");
}

/// Rejected lines that become a batch.
#[derive(Default)]
pub struct RejectsBuilder {
    lines: Vec<u64>,
    columns: StringBuilder,
    reasons: StringBuilder,
    texts: StringBuilder,
}

impl RejectsBuilder {
    /// Adds a line.
    pub fn push(&mut self, line: u64, column: Option<&str>, reason: &str, text: &str) {
        self.lines.push(line);
        self.columns.append_option(column);
        self.reasons.append_value(reason);
        self.texts.append_value(text);
    }

    /// How many lines were added.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The lines, whose numbers become larger by those of the lines before them.
    ///
    /// # Errors
    /// Never, as the columns have one length.
    pub fn finish(mut self, lines_before: u64) -> Result<RecordBatch> {
        let fields = [
            RejectsFrame::LINE.field(),
            RejectsFrame::COLUMN.field(),
            RejectsFrame::REASON.field(),
            RejectsFrame::TEXT.field(),
        ];
        let lines: UInt64Array = self.lines.iter().map(|line| lines_before + line).collect();
        let columns = vec![
            Arc::new(lines) as _,
            Arc::new(self.columns.finish()) as _,
            Arc::new(self.reasons.finish()) as _,
            Arc::new(self.texts.finish()) as _,
        ];
        Ok(RecordBatch::try_new(schema(fields), columns)?)
    }
}
