//! Unpacks what was uploaded compressed: gzip, Zstandard, or a ZIP archive with one file. It is known by its first
//! bytes, whatever the name of the file or the headers of the request say.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use anyhow::{Context, Result};
use domain::csv_dialect::Compression;
use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use crate::csv::error::IngestError;

/// Told how many bytes of the uploaded file were read.
pub(crate) type ProgressCallback = Arc<dyn Fn(u64) + Send + Sync>;
/// Bytes of a file.
pub(crate) type Bytes = Box<dyn Read + Send>;

/// Bytes that tell how a content is packed.
const SIGNATURE_BYTES: u64 = 64;
/// Bytes that any content may unpack to.
const UNPACKED_MIN_BYTES: u64 = 256 << 20;
/// How many times larger than packed a content may be beyond that. Tables of purchases become 5 to 30 times smaller.
const UNPACKED_RATIO: u64 = 200;
const BUFFER_BYTES: usize = 256 << 10;

/// A file that was uploaded, to be read from its beginning as often as needed.
pub(crate) struct Content<O> {
    open: O,
    compression: Option<Compression>,
    /// What a ZIP archive held.
    unzipped: Option<File>,
    progress: ProgressCallback,
}

impl<O: Fn() -> Result<Bytes>> Content<O> {
    /// Looks at how a file is packed.
    ///
    /// # Errors
    /// `Unreadable` when it is an archive that does not hold one file.
    pub(crate) fn new(open: O, progress: ProgressCallback) -> Result<Self, IngestError> {
        let mut first = Vec::new();
        open()?.take(SIGNATURE_BYTES).read_to_end(&mut first).context("reading the uploaded file")?;
        let compression = compression(&first);
        let unzipped = match compression {
            Some(Compression::Zip) => Some(unzip(open()?)?),
            _ => None,
        };
        Ok(Self { open, compression, unzipped, progress })
    }

    /// How it is packed.
    pub(crate) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// The unpacked bytes from the beginning. Only one reader may be used at a time.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn reader(&self) -> Result<Bytes> {
        if let Some(unzipped) = &self.unzipped {
            let mut file = unzipped.try_clone().context("opening the content of an archive")?;
            file.seek(SeekFrom::Start(0)).context("rewinding the content of an archive")?;
            return Ok(Box::new(Counted::new(file, self.progress.clone())));
        }
        let packed = Counted::new((self.open)()?, self.progress.clone());
        Ok(match self.compression {
            Some(Compression::Gzip) => {
                let packed = BufReader::with_capacity(BUFFER_BYTES, packed);
                Box::new(Unpacked::new(MultiGzDecoder::new(packed), |decoder| decoder.get_ref().get_ref().bytes))
            }
            Some(Compression::Zstd) => {
                let packed = BufReader::with_capacity(BUFFER_BYTES, packed);
                let decoder = zstd::Decoder::with_buffer(packed).context("starting to decompress")?;
                Box::new(Unpacked::new(decoder, |decoder| decoder.get_ref().get_ref().bytes))
            }
            _ => Box::new(packed),
        })
    }
}

/// How a content that begins with these bytes is packed.
pub(crate) fn compression(first: &[u8]) -> Option<Compression> {
    match first {
        [0x1F, 0x8B, ..] => Some(Compression::Gzip),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Compression::Zstd),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] if !is_office(first) => Some(Compression::Zip),
        _ => None,
    }
}

/// Whether the first file of an archive is one that office documents begin with.
fn is_office(first: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] = [b"[Content_Types].xml", b"mimetype", b"_rels/", b"docProps/", b"xl/"];
    first.get(30..).is_some_and(|name| NAMES.iter().any(|office| name.starts_with(office)))
}

/// Counts what was read.
struct Counted<R> {
    inner: R,
    bytes: u64,
    progress: ProgressCallback,
}

impl<R> Counted<R> {
    fn new(inner: R, progress: ProgressCallback) -> Self {
        Self { inner, bytes: 0, progress }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        (self.progress)(self.bytes);
        Ok(read)
    }
}

/// What is wrong with a packed content, for a person.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damaged(pub(crate) String);

fn damaged(sentence: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Damaged(sentence.into()))
}

/// A content being unpacked, within bounds. What the decoder cannot decode is the fault of the file.
struct Unpacked<D> {
    decoder: D,
    packed_bytes: fn(&D) -> u64,
    bytes: u64,
}

impl<D> Unpacked<D> {
    fn new(decoder: D, packed_bytes: fn(&D) -> u64) -> Self {
        Self { decoder, packed_bytes, bytes: 0 }
    }
}

impl<D: Read> Read for Unpacked<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.decoder.read(buffer) {
            Err(error) if error.raw_os_error().is_none() && error.kind() != io::ErrorKind::Interrupted => {
                return Err(damaged(format!("The compressed data is damaged: {error}. Pack the file again.")));
            }
            read => read?,
        };
        self.bytes += read as u64;
        check_size(self.bytes, (self.packed_bytes)(&self.decoder))?;
        Ok(read)
    }
}

/// Refuses a content that unpacks to far more than data does.
fn check_size(bytes: u64, packed_bytes: u64) -> io::Result<()> {
    if bytes <= UNPACKED_MIN_BYTES.max(packed_bytes.saturating_mul(UNPACKED_RATIO)) {
        return Ok(());
    }
    Err(damaged(format!(
        "The file unpacks to more than {UNPACKED_RATIO} times its size. Upload the unpacked file, or pack it with gzip."
    )))
}

/// The one file in an archive, in a temporary file without a name.
fn unzip(mut packed: Bytes) -> Result<File, IngestError> {
    let mut archive = tempfile::tempfile().context("creating a temporary file")?;
    let packed_bytes = io::copy(&mut packed, &mut archive).context("copying an archive")?;
    let mut archive = ZipArchive::new(archive).map_err(|error| unusable(&error.to_string()))?;
    let index = only_file(&archive)?;
    let mut entry = archive.by_index(index).map_err(|error| unusable(&error.to_string()))?;
    let mut file = tempfile::tempfile().context("creating a temporary file")?;
    copy_bounded(&mut entry, &mut file, packed_bytes)?;
    Ok(file)
}

fn copy_bounded(from: &mut dyn Read, to: &mut File, packed_bytes: u64) -> Result<(), IngestError> {
    let (mut buffer, mut bytes) = (vec![0; BUFFER_BYTES], 0);
    loop {
        let read = from.read(&mut buffer).map_err(|error| unusable(&error.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        bytes += read as u64;
        check_size(bytes, packed_bytes).map_err(|error| IngestError::Unreadable(error.to_string()))?;
        io::Write::write_all(to, &buffer[..read]).context("writing the content of an archive")?;
    }
}

/// The index of the only file that a person put into an archive.
fn only_file(archive: &ZipArchive<File>) -> Result<usize, IngestError> {
    let is_meant = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or_default();
        !last.is_empty() && !last.starts_with('.') && !name.starts_with("__MACOSX/")
    };
    let mut indexes = Vec::new();
    for (index, name) in archive.file_names().enumerate() {
        let name = name.map_err(|error| unusable(&error.to_string()))?;
        if name == "[Content_Types].xml" || name.starts_with("xl/") {
            return Err(IngestError::Unreadable(
                "The file is an Excel workbook (.xlsx), not CSV. Save it as CSV (comma-separated, UTF-8) and upload that."
                    .into(),
            ));
        }
        indexes.extend(is_meant(&name).then_some(index));
    }
    match indexes[..] {
        [index] => Ok(index),
        _ => Err(IngestError::Unreadable(format!(
            "The ZIP archive holds {} files; it must hold one. Upload each CSV file by itself.",
            indexes.len()
        ))),
    }
}

fn unusable(error: &str) -> IngestError {
    IngestError::Unreadable(format!(
        "The ZIP archive cannot be unpacked: {error}. Pack the file again without a password."
    ))
}

#[cfg(test)]
mod tests;
