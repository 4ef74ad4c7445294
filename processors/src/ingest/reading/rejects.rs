//! The lines of a file that could not be read, each with its reason.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{RecordBatch, StringBuilder, UInt64Builder};
use arrow::datatypes::{DataType, Field, Schema};

/// Characters of a rejected record that are kept.
const TEXT_MAX_CHARS: usize = 1_000;

/// Rejected lines that are not yet stored.
#[derive(Default)]
pub struct Rejects {
    lines: UInt64Builder,
    reasons: StringBuilder,
    texts: StringBuilder,
    bytes: usize,
    total: u64,
    first: Option<String>,
}

impl Rejects {
    /// Notes that the record which begins at a line was rejected.
    pub fn add(&mut self, line: u64, reason: &str, text: &[u8]) {
        let text: String = String::from_utf8_lossy(text).chars().take(TEXT_MAX_CHARS).collect();
        self.first.get_or_insert_with(|| format!("Line {line}: {reason}"));
        self.lines.append_value(line);
        self.reasons.append_value(reason);
        self.texts.append_value(&text);
        self.bytes += text.len() + reason.len() + 16;
        self.total += 1;
    }

    /// Bytes that are not yet stored.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many lines were rejected in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The first line and its reason, for a person.
    pub fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// Takes what is not yet stored.
    ///
    /// # Errors
    /// Never, as the columns have one length.
    pub fn take(&mut self) -> Result<RecordBatch> {
        self.bytes = 0;
        let fields = vec![
            Field::new("line", DataType::UInt64, false),
            Field::new("reason", DataType::Utf8, false),
            Field::new("text", DataType::Utf8, false),
        ];
        let columns = vec![
            Arc::new(self.lines.finish()) as _,
            Arc::new(self.reasons.finish()) as _,
            Arc::new(self.texts.finish()) as _,
        ];
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}
