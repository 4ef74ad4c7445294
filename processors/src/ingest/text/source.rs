//! Reads a file as UTF-8 text, block by block, whatever its encoding. UTF-8 itself is only checked, not copied.

use std::io::{ErrorKind, Read};

use anyhow::{Context, anyhow};
use encoding_rs::{CoderResult, Decoder, UTF_8};

use crate::ingest::dataset::IngestError;

/// Bytes that are asked for at once.
pub const BLOCK_BYTES: usize = 1 << 20;
/// The longest record.
const RECORD_MAX_BYTES: usize = 4 << 20;

/// Why reading stopped.
#[derive(Debug)]
pub enum Stop {
    /// The text is not in the encoding it was taken for.
    WrongEncoding,
    /// The file cannot be used, or something failed.
    Error(IngestError),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(IngestError::Failed(error))
    }
}

/// A file that cannot be used; the sentence says what is wrong and what to do.
pub fn unreadable(sentence: impl Into<String>) -> Stop {
    Stop::Error(IngestError::Unreadable(sentence.into()))
}

/// The text encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Its definition in the WHATWG Encoding Standard.
    pub standard: &'static encoding_rs::Encoding,
    /// How many bytes of a byte order mark precede the text.
    pub mark_bytes: usize,
}

/// A file being read.
pub struct Source<'a> {
    reader: Box<dyn Read + Send>,
    progress: &'a (dyn Fn(u64) + Send + Sync),
    block_bytes: usize,
    /// Nothing for UTF-8.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// What was read and not yet consumed, and perhaps the beginning of a character.
    buffer: Vec<u8>,
    /// How much of it is checked text.
    text_bytes: usize,
    consumed: usize,
    input_bytes: u64,
    mark_bytes: usize,
    is_ended: bool,
}

impl<'a> Source<'a> {
    /// Begins to read; `progress` is told how many bytes of the file have been read.
    pub fn new(reader: Box<dyn Read + Send>, encoding: Encoding, progress: &'a (dyn Fn(u64) + Send + Sync)) -> Self {
        let decoder = (encoding.standard != UTF_8).then(|| encoding.standard.new_decoder_without_bom_handling());
        Self {
            reader,
            progress,
            block_bytes: BLOCK_BYTES,
            raw: if decoder.is_some() { vec![0; BLOCK_BYTES / 4] } else { Vec::new() },
            decoder,
            buffer: Vec::new(),
            text_bytes: 0,
            consumed: 0,
            input_bytes: 0,
            mark_bytes: encoding.mark_bytes,
            is_ended: false,
        }
    }

    /// The same, asking for fewer bytes at once.
    pub fn in_blocks_of(self, block_bytes: usize) -> Self {
        Self { block_bytes, ..self }
    }

    /// The text that was read and not consumed; all that is left, when the file has ended.
    pub fn text(&self) -> &[u8] {
        &self.buffer[self.consumed..self.text_bytes]
    }

    /// Whether the text is the last.
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Marks the first bytes of the text as done.
    pub fn consume(&mut self, bytes: usize) {
        self.consumed += bytes;
    }

    /// Reads another block behind the text that is left.
    ///
    /// # Errors
    /// When the text left is already longer than a record may be, is in another encoding or not text at all.
    pub fn fill(&mut self) -> Result<(), Stop> {
        if self.text().len() > RECORD_MAX_BYTES {
            return Err(unreadable(format!(
                "The file has a line of more than {} MB. Check that it is a CSV file with one record per line and that \
                 every quotation mark is closed.",
                RECORD_MAX_BYTES >> 20
            )));
        }
        self.buffer.drain(..self.consumed);
        self.text_bytes -= self.consumed;
        self.consumed = 0;
        let new_from = self.text_bytes;
        self.read_block()?;
        self.check(new_from)?;
        (self.progress)(self.input_bytes);
        Ok(())
    }

    fn read_block(&mut self) -> Result<(), Stop> {
        if self.decoder.is_some() {
            return self.read_decoded();
        }
        let before = self.buffer.len();
        let mark_bytes = std::mem::take(&mut self.mark_bytes);
        self.buffer.resize(before + self.block_bytes, 0);
        let read = read_full(&mut *self.reader, &mut self.buffer[before..])?;
        self.buffer.truncate(before + read);
        self.buffer.drain(before..before + mark_bytes.min(read));
        self.note(read, self.block_bytes);
        Ok(())
    }

    fn read_decoded(&mut self) -> Result<(), Stop> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let room = self.raw.len();
        let read = read_full(&mut *self.reader, &mut self.raw)?;
        let raw = &self.raw[std::mem::take(&mut self.mark_bytes).min(read)..read];
        let before = self.buffer.len();
        let needed = decoder.max_utf8_buffer_length(raw.len()).ok_or_else(|| anyhow!("a block too large to decode"))?;
        self.buffer.resize(before + needed, 0);
        let (result, _, written, _) = decoder.decode_to_utf8(raw, &mut self.buffer[before..], read < room);
        self.buffer.truncate(before + written);
        if result == CoderResult::OutputFull {
            return Err(anyhow!("decoded text is longer than foretold").into());
        }
        self.note(read, room);
        Ok(())
    }

    fn note(&mut self, read: usize, room: usize) {
        self.input_bytes += read as u64;
        self.is_ended = read < room;
    }

    /// Checks the new bytes; a character that is not complete waits for the next block.
    fn check(&mut self, new_from: usize) -> Result<(), Stop> {
        let new = &self.buffer[new_from..];
        if new.contains(&0) {
            return Err(unreadable(NOT_TEXT));
        }
        let valid = match std::str::from_utf8(new) {
            Ok(_) => new.len(),
            Err(error) if error.error_len().is_none() && !self.is_ended => error.valid_up_to(),
            Err(_) => return Err(Stop::WrongEncoding),
        };
        self.text_bytes = new_from + valid;
        Ok(())
    }
}

/// What is said of a file with bytes that no text has.
pub const NOT_TEXT: &str =
    "The file holds binary data, not text. Export the data as CSV (comma-separated, UTF-8) and upload that.";

/// Reads until the buffer is full or the file ends.
fn read_full(reader: &mut dyn Read, mut buffer: &mut [u8]) -> anyhow::Result<usize> {
    let mut total = 0;
    while !buffer.is_empty() {
        match reader.read(buffer) {
            Ok(0) => break,
            Ok(read) => {
                total += read;
                buffer = &mut buffer[read..];
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("reading the uploaded file"),
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

    use super::*;

    const TEXT: &str = "a,é,\u{1F600}\n";

    #[test]
    fn a_character_may_be_cut_by_a_block() {
        let text = format!("{}é and more", "x".repeat(BLOCK_BYTES - 1));
        assert_eq!(read(text.as_bytes(), UTF_8, 0).unwrap(), text);
    }

    #[test]
    fn leaves_the_byte_order_mark_out() {
        assert_eq!(read(format!("\u{FEFF}{TEXT}").as_bytes(), UTF_8, 3).unwrap(), TEXT);
        let utf16: Vec<u16> = format!("\u{FEFF}{TEXT}").encode_utf16().collect();
        let big: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let little: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        assert_eq!(read(&big, UTF_16BE, 2).unwrap(), TEXT);
        assert_eq!(read(&little, UTF_16LE, 2).unwrap(), TEXT);
    }

    #[test]
    fn invalid_bytes_mean_another_encoding() {
        let bytes = [vec![b'x'; BLOCK_BYTES + 10], vec![0xE9, b'!']].concat();
        assert!(matches!(read(&bytes, UTF_8, 0), Err(Stop::WrongEncoding)));
        assert!(matches!(read(&[b'x', 0xC3], UTF_8, 0), Err(Stop::WrongEncoding)));
        assert!(read(&bytes, WINDOWS_1252, 0).unwrap().ends_with("xé!"));
    }

    #[test]
    fn a_nul_is_no_text() {
        let Err(Stop::Error(IngestError::Unreadable(reason))) = read(b"a\0b", UTF_8, 0) else {
            panic!("must be refused")
        };
        assert_eq!(reason, NOT_TEXT);
    }

    #[test]
    fn a_line_without_an_end_is_given_up_early() {
        let progress = AtomicU64::new(0);
        let note = |bytes| progress.store(bytes, Ordering::Relaxed);
        let mut source =
            Source::new(Box::new(std::io::repeat(b'x')), Encoding { standard: UTF_8, mark_bytes: 0 }, &note);
        let stop = loop {
            if let Err(stop) = source.fill() {
                break stop;
            }
        };
        assert!(matches!(stop, Stop::Error(IngestError::Unreadable(_))));
        assert!(progress.load(Ordering::Relaxed) < 8 << 20);
    }

    fn read(bytes: &[u8], standard: &'static encoding_rs::Encoding, mark_bytes: usize) -> Result<String, Stop> {
        let mut source =
            Source::new(Box::new(std::io::Cursor::new(bytes.to_vec())), Encoding { standard, mark_bytes }, &|_| {});
        let mut text = String::new();
        while !source.is_ended() {
            source.fill()?;
            text.push_str(std::str::from_utf8(source.text()).unwrap());
            source.consume(source.text().len());
        }
        Ok(text)
    }
}
