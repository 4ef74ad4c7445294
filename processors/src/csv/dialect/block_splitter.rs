//! Splits text into blocks of whole records, so that several threads can read them. It follows the quotes of the text
//! exactly, from one quote to the next, which is many times faster than looking at every field. Where a quote is never
//! closed, the line with it becomes a block of its own and the rest is read as if it were not there.

use crate::csv::bytes::source::TextSource;
use crate::csv::dialect::record_format::RecordFormat;
use crate::csv::error::{IngestError, unreadable};

/// The size of a block, if no record is larger.
pub(crate) const BLOCK_BYTES: usize = 2 << 20;
/// The longest record.
const RECORD_MAX_BYTES: usize = 4 << 20;
/// Quotes that may be left open in a file; looking for the end of each takes time.
const OPEN_QUOTES_MAX: usize = 1_000;

/// Some records of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The records with their line ends.
    pub(crate) text: Vec<u8>,
    /// The text is a line in which a quote is opened and not closed.
    pub(crate) is_damaged: bool,
    /// No block follows.
    pub(crate) is_last: bool,
}

/// Splits the text of a file.
pub(crate) struct BlockSplitter {
    source: TextSource,
    format: RecordFormat,
    block_bytes: usize,
    /// How far the quotes have been followed.
    followed: usize,
    /// Where the text last left a quoted field.
    closed: usize,
    /// Where the record begins in which a quote was opened last.
    record: usize,
    /// The quote that is open.
    open: Option<usize>,
    open_quotes: usize,
    is_done: bool,
}

impl BlockSplitter {
    /// Begins behind the first bytes of the text, which were looked at before.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn new(
        mut source: TextSource,
        format: &RecordFormat,
        skipped_bytes: usize,
        block_bytes: usize,
    ) -> Result<Self, IngestError> {
        while source.text().len() < skipped_bytes && !source.is_ended() {
            source.fill()?;
        }
        let skipped_bytes = skipped_bytes.min(source.text().len());
        source.take(skipped_bytes);
        let format = format.clone();
        let (followed, closed, record) = (0, 0, 0);
        Ok(Self { source, format, block_bytes, followed, closed, record, open: None, open_quotes: 0, is_done: false })
    }

    /// The next block; at least one is given in all.
    ///
    /// # Errors
    /// When the file cannot be read, or is not split into lines at all.
    pub(crate) fn next(&mut self) -> Result<Option<Block>, IngestError> {
        if self.is_done {
            return Ok(None);
        }
        loop {
            if let Some(line) = self.follow() {
                return self.give_damaged(line).map(Some);
            }
            let (bytes, is_ended) = (self.source.text().len(), self.source.is_ended());
            if is_ended && self.open.is_none() {
                return self.give(bytes, false).map(Some);
            }
            let end = if bytes >= self.block_bytes || is_ended { self.last_end() } else { 0 };
            if end > 0 {
                return self.give(end, false).map(Some);
            }
            if is_ended || bytes > RECORD_MAX_BYTES.max(self.block_bytes) {
                return self.give_damaged(self.record..self.line_end_from(self.open.unwrap_or(bytes))).map(Some);
            }
            self.source.fill()?;
        }
    }

    /// Follows the quotes as far as the text goes. Gives the line of a quote that turns out not to have been closed:
    /// where something stands behind the next quote, and line ends between them.
    fn follow(&mut self) -> Option<std::ops::Range<usize>> {
        let Some(quote) = self.format.quote else {
            self.followed = self.source.text().len();
            return None;
        };
        let (text, last) = (self.source.text(), self.source.is_ended());
        while self.followed < text.len() {
            let Some(open) = self.open else {
                let Some(index) = memchr::memchr(quote, &text[self.followed..]) else { break };
                let index = self.followed + index;
                self.followed = index + 1;
                if self.opens(text, index) {
                    self.record = self.record.max(end_before(&self.format, &text[self.closed..index], self.closed));
                    self.open = Some(index);
                }
                continue;
            };
            let escape = self.format.escape_byte().unwrap_or(quote);
            let Some(index) = memchr::memchr2(quote, escape, &text[self.followed..]) else { break };
            let index = self.followed + index;
            let Some(next) = text.get(index + 1) else {
                self.followed = index;
                if last && text[index] == quote {
                    (self.open, self.closed, self.followed) = (None, index + 1, index + 1);
                }
                return None;
            };
            if text[index] != quote || *next == quote {
                self.followed = index + 2;
                continue;
            }
            if !last && self.is_undecided(&text[index + 1..]) {
                self.followed = index;
                return None;
            }
            if !self.is_over(&text[index + 1..]) && self.has_line_end(&text[open..index]) {
                return Some(self.record..self.line_end_from(open));
            }
            (self.open, self.closed, self.followed) = (None, index + 1, index + 1);
        }
        self.followed = self.followed.max(text.len());
        None
    }

    /// Whether a quote stands at the beginning of a field.
    fn opens(&self, text: &[u8], quote: usize) -> bool {
        let mut before = &text[..quote];
        while self.format.is_spaced && before.ends_with(b" ") {
            before = &before[..before.len() - 1];
        }
        // A piece that ended with a quote cannot begin a field, even where the next quote follows it at once.
        let is_first = before.last().is_none_or(|byte| self.format.is_line_end(*byte));
        is_first || self.format.delimiter.ends(before)
    }

    /// Whether a field may end before a text.
    fn is_over(&self, text: &[u8]) -> bool {
        let spaces = if self.format.is_spaced { text.iter().take_while(|byte| **byte == b' ').count() } else { 0 };
        let text = &text[spaces..];
        text.is_empty() || self.format.delimiter.begins(text) || self.format.line_end_bytes(text, true) > 0
    }

    /// Whether it takes more text to see what follows a closing quote.
    fn is_undecided(&self, text: &[u8]) -> bool {
        let spaces = if self.format.is_spaced { text.iter().take_while(|byte| **byte == b' ').count() } else { 0 };
        text.len() - spaces < self.format.delimiter.bytes().max(2)
    }

    fn has_line_end(&self, text: &[u8]) -> bool {
        let [a, b] = self.format.line_ends();
        memchr::memchr2(a, b, text).is_some()
    }

    /// Where the last record ends that is known to be whole; 0 when there is none.
    fn last_end(&self) -> usize {
        if self.open.is_some() {
            return self.record;
        }
        let text = self.source.text();
        // A \r at the end may be half of a line end.
        let known = text.len() - usize::from(!self.source.is_ended() && text.ends_with(b"\r"));
        self.record.max(end_before(&self.format, &text[self.closed.min(known)..known], self.closed))
    }

    /// Where the line ends in which an index is; the end of the text, when it is the last line.
    fn line_end_from(&self, index: usize) -> usize {
        let (text, [a, b]) = (self.source.text(), self.format.line_ends());
        let index = index.min(text.len());
        let Some(end) = memchr::memchr2(a, b, &text[index..]) else { return text.len() };
        index + end + self.format.line_end_bytes(&text[index + end..], true).max(1)
    }

    /// Gives the records before a damaged line, or the line.
    fn give_damaged(&mut self, line: std::ops::Range<usize>) -> Result<Block, IngestError> {
        if line.start > 0 {
            self.restart();
            return self.give(line.start, false);
        }
        self.open_quotes += 1;
        let is_cut = line.end == self.source.text().len() && !self.source.is_ended();
        if is_cut || self.open_quotes > OPEN_QUOTES_MAX {
            return Err(unreadable(format!(
                "The file has a line of more than {} MB. Check that it is a CSV file with one record per line and that \
                 every quotation mark is closed.",
                RECORD_MAX_BYTES >> 20
            )));
        }
        self.restart();
        self.give(line.end, true)
    }

    /// Forgets how the quotes were followed, so that it begins again where the next block begins.
    fn restart(&mut self) {
        (self.open, self.followed, self.closed, self.record) = (None, 0, 0, 0);
    }

    fn give(&mut self, bytes: usize, is_damaged: bool) -> Result<Block, IngestError> {
        let mut text = self.source.take(bytes);
        // Only then it is known whether it was the last. Blank lines at the end are no block of their own.
        while self.source.text().trim_ascii().is_empty()
            && !self.source.is_ended()
            && self.source.text().len() < BLOCK_BYTES
        {
            self.source.fill()?;
        }
        if self.source.is_ended() && !is_damaged && self.source.text().trim_ascii().is_empty() {
            text.extend(self.source.take(self.source.text().len()));
        }
        self.followed = self.followed.saturating_sub(bytes);
        self.closed = self.closed.saturating_sub(bytes);
        self.record = self.record.saturating_sub(bytes);
        self.open = self.open.map(|open| open.saturating_sub(bytes));
        self.is_done = self.source.is_ended() && self.source.text().is_empty();
        Ok(Block { text, is_damaged, is_last: self.is_done })
    }
}

/// Where the last line ends in a piece of text that begins at `start` and has no quoted fields; 0 without one.
fn end_before(format: &RecordFormat, text: &[u8], start: usize) -> usize {
    let [a, b] = format.line_ends();
    memchr::memrchr2(a, b, text).map_or(0, |index| start + index + 1)
}

#[cfg(test)]
mod tests;
