//! Reads a file as UTF-8 text, block by block, whatever its encoding.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::Receiver;

use anyhow::anyhow;
use encoding_rs::{Decoder, DecoderResult, UTF_8};

use crate::csv::bytes::content::{Bytes, Damaged};
use crate::csv::bytes::encoding::Encoding;
use crate::csv::error::{IngestError, unreadable};

/// Bytes that are asked for at once.
pub(crate) const BLOCK_BYTES: usize = 1 << 20;
/// Stands for what cannot be decoded. No UTF-8 has this byte, so whoever checks the text finds it.
const UNDECODABLE: u8 = 0xFF;

/// A file being read. Its text may hold bytes that are not UTF-8: those of the file, or where something could not be
/// decoded.
pub(crate) struct TextSource {
    reader: Bytes,
    block_bytes: usize,
    /// Nothing for UTF-8.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// What was read and not yet taken.
    buffer: Vec<u8>,
    mark_bytes: usize,
    is_ended: bool,
    /// Texts that were taken and are no longer needed.
    used: Option<Receiver<Vec<u8>>>,
}

impl TextSource {
    /// Begins to read, so many bytes at once.
    pub(crate) fn new(reader: Bytes, encoding: Encoding, block_bytes: usize) -> Self {
        let decoder = (encoding.standard != UTF_8).then(|| encoding.standard.new_decoder_without_bom_handling());
        let (raw, mark_bytes) = (Vec::new(), encoding.mark_bytes);
        Self { reader, block_bytes, decoder, raw, buffer: Vec::new(), mark_bytes, is_ended: false, used: None }
    }

    /// The same, reading into the texts that come back: fresh memory costs more than all else that is done here.
    pub(crate) fn reusing(self, used: Receiver<Vec<u8>>) -> Self {
        Self { used: Some(used), ..self }
    }

    /// The text that was read and not taken; all that is left, when the file has ended.
    pub(crate) fn text(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether the text is the last.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Takes the first bytes of the text.
    pub(crate) fn take(&mut self, bytes: usize) -> Vec<u8> {
        let used = self.used.as_ref().and_then(|used| used.try_recv().ok());
        let mut rest = used.unwrap_or_default();
        rest.clear();
        // The next text will be about as long; to grow up to it would copy it several times.
        rest.reserve(self.buffer.len() + self.block_bytes);
        rest.extend_from_slice(&self.buffer[bytes..]);
        self.buffer.truncate(bytes);
        std::mem::replace(&mut self.buffer, rest)
    }

    /// Reads another block behind the text that is left.
    ///
    /// # Errors
    /// When the file cannot be read or unpacked.
    pub(crate) fn fill(&mut self) -> Result<(), IngestError> {
        match self.decoder.take() {
            Some(mut decoder) => {
                self.fill_decoded(&mut decoder)?;
                self.decoder = Some(decoder);
                Ok(())
            }
            None => self.fill_utf8(),
        }
    }

    fn fill_utf8(&mut self) -> Result<(), IngestError> {
        let before = self.buffer.len();
        let mark_bytes = std::mem::take(&mut self.mark_bytes);
        let read = read_up_to(&mut self.reader, &mut self.buffer, self.block_bytes + mark_bytes)?;
        self.buffer.drain(before..before + mark_bytes.min(read));
        self.is_ended = read < self.block_bytes + mark_bytes;
        Ok(())
    }

    fn fill_decoded(&mut self, decoder: &mut Decoder) -> Result<(), IngestError> {
        self.raw.clear();
        let mark_bytes = std::mem::take(&mut self.mark_bytes);
        let wanted = self.block_bytes + mark_bytes;
        let read = read_up_to(&mut self.reader, &mut self.raw, wanted)?;
        self.is_ended = read < wanted;
        decode(decoder, &self.raw[mark_bytes.min(read)..], self.is_ended, &mut self.buffer)?;
        Ok(())
    }
}

fn decode(decoder: &mut Decoder, mut raw: &[u8], last: bool, text: &mut Vec<u8>) -> anyhow::Result<()> {
    loop {
        let before = text.len();
        let needed = decoder.max_utf8_buffer_length_without_replacement(raw.len());
        text.resize(before + needed.ok_or_else(|| anyhow!("a block too large to decode"))?, 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(raw, &mut text[before..], last);
        text.truncate(before + written);
        raw = &raw[read..];
        match result {
            DecoderResult::InputEmpty => return Ok(()),
            DecoderResult::OutputFull => return Err(anyhow!("decoded text is longer than foretold")),
            DecoderResult::Malformed(..) => text.push(UNDECODABLE),
        }
    }
}

/// Reads until so many bytes came or the file ends.
pub(crate) fn read_up_to(reader: &mut dyn Read, buffer: &mut Vec<u8>, bytes: usize) -> Result<usize, IngestError> {
    let before = buffer.len();
    buffer.resize(before + bytes, 0);
    let mut total = 0;
    while total < bytes {
        match reader.read(&mut buffer[before + total..]) {
            Ok(0) => break,
            Ok(read) => total += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(stopped(error)),
        }
    }
    buffer.truncate(before + total);
    Ok(total)
}

fn stopped(error: std::io::Error) -> IngestError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Damaged>()) {
        Some(Damaged(sentence)) => unreadable(sentence),
        None => anyhow::Error::new(error).context("reading the uploaded file").into(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use domain::csv_dialect::Basis;
    use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

    use super::*;

    const TEXT: &str = "a,é,\u{1F600}\n";

    #[test]
    fn a_character_may_be_cut_by_a_block() {
        for block_bytes in 1..9 {
            assert_eq!(read(TEXT.as_bytes(), UTF_8, 0, block_bytes), TEXT.as_bytes());
            assert_eq!(read(&utf16(u16::to_le_bytes), UTF_16LE, 2, block_bytes), TEXT.as_bytes());
        }
    }

    #[test]
    fn leaves_the_byte_order_mark_out() {
        assert_eq!(read(format!("\u{FEFF}{TEXT}").as_bytes(), UTF_8, 3, 64), TEXT.as_bytes());
        assert_eq!(read(&utf16(u16::to_be_bytes), UTF_16BE, 2, 64), TEXT.as_bytes());
    }

    #[test]
    fn what_cannot_be_decoded_is_marked() {
        assert_eq!(read(b"a\xE9!", UTF_8, 0, 64), b"a\xE9!");
        assert_eq!(read(b"a\xE9!", WINDOWS_1252, 0, 64), "aé!".as_bytes());
        assert_eq!(read(b"\x00\xD8a\x00", UTF_16LE, 0, 64), b"\xFFa");
    }

    #[test]
    fn what_is_taken_is_gone() {
        let encoding = Encoding { standard: UTF_8, mark_bytes: 0, confidence: 1.0, basis: Basis::Detected };
        let mut source = TextSource::new(Box::new(Cursor::new(b"abcdef".to_vec())), encoding, 4);
        source.fill().unwrap();
        assert_eq!((source.take(3), source.text(), source.is_ended()), (b"abc".to_vec(), b"d".as_slice(), false));
        source.fill().unwrap();
        assert_eq!((source.text(), source.is_ended()), (b"def".as_slice(), true));
    }

    fn utf16(bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{FEFF}{TEXT}").encode_utf16().flat_map(bytes).collect()
    }

    fn read(bytes: &[u8], standard: &'static encoding_rs::Encoding, mark_bytes: usize, block_bytes: usize) -> Vec<u8> {
        let encoding = Encoding { standard, mark_bytes, confidence: 1.0, basis: Basis::Detected };
        let mut source = TextSource::new(Box::new(Cursor::new(bytes.to_vec())), encoding, block_bytes);
        while !source.is_ended() {
            source.fill().unwrap();
        }
        source.text().to_vec()
    }
}
