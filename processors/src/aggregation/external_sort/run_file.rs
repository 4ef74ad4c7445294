//! Sorted runs of totals in temporary files, and how they are merged.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};

use anyhow::{Context, Result};

use crate::aggregation::aggregate_fn::{AggregateFn, combine};
use crate::aggregation::order_lines::{merge_many, read_number, write_number};

const BUFFER_BYTES: usize = 64 * 1024;

/// Writes a run, in the order of its keys. Before an entry stands how many bytes it has and how many of them are its key;
/// then come its key, its values and its lines.
pub(crate) struct RunWriter {
    file: BufWriter<File>,
    entry: Vec<u8>,
}

impl RunWriter {
    /// An empty run. Its file has no name and goes away with it.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub(crate) fn new() -> Result<Self> {
        let file = tempfile::tempfile().context("creating a temporary file")?;
        Ok(Self { file: BufWriter::with_capacity(BUFFER_BYTES, file), entry: Vec::new() })
    }

    /// Writes the next key with its total and its lines.
    ///
    /// # Errors
    /// When the disk is full.
    pub(crate) fn write<const N: usize>(&mut self, key: &[u8], values: &[i64; N], lines: &[u8]) -> Result<()> {
        self.entry.clear();
        self.entry.extend_from_slice(key);
        values.iter().for_each(|value| write_number(*value, &mut self.entry));
        self.entry.extend_from_slice(lines);
        let sizes = [self.entry.len(), key.len()].map(|bytes| (bytes as u64).to_le_bytes());
        self.file.write_all(sizes.as_flattened()).context("writing a run")?;
        self.file.write_all(&self.entry).context("writing a run")
    }

    /// The run, complete.
    ///
    /// # Errors
    /// When the disk is full.
    pub(crate) fn finish(self) -> Result<File> {
        self.file.into_inner().context("writing a run")
    }
}

/// Gives the keys of runs in order, each once with its total over all runs and its lines.
///
/// # Errors
/// When a run cannot be read, or the receiver fails.
pub(crate) fn merge_runs<'a, const N: usize>(
    functions: &[AggregateFn; N],
    files: impl IntoIterator<Item = &'a mut File>,
    mut give: impl FnMut(&[u8], &[i64; N], &[u8]) -> Result<()>,
) -> Result<()> {
    let mut heads = BinaryHeap::new();
    for file in files {
        file.seek(SeekFrom::Start(0)).context("rewinding a run")?;
        heads.extend(RunHead::first(BufReader::with_capacity(BUFFER_BYTES, file))?);
    }
    let (mut entry, mut same, mut lines) = (RunEntry::default(), RunEntry::default(), Vec::new());
    while take(&mut heads, &mut entry)? {
        let (mut total, own) = entry.total()?;
        lines.clear();
        lines.extend_from_slice(own);
        while heads.peek().is_some_and(|head| head.entry.order() == entry.order()) && take(&mut heads, &mut same)? {
            let (values, more) = same.total()?;
            combine(functions, &mut total, &values);
            lines.extend_from_slice(more);
            merge_many(&mut lines)?;
        }
        give(entry.key(), &total, &lines)?;
    }
    Ok(())
}

/// Takes the least entry of all runs; false when there are no more.
fn take<R: Read>(heads: &mut BinaryHeap<RunHead<R>>, entry: &mut RunEntry) -> Result<bool> {
    let Some(mut head) = heads.peek_mut() else { return Ok(false) };
    std::mem::swap(entry, &mut head.entry);
    if !head.read()? {
        PeekMut::pop(head);
    }
    Ok(true)
}

/// An entry of a run as it was written, without its sizes.
#[derive(Default)]
struct RunEntry {
    bytes: Vec<u8>,
    key_bytes: usize,
    beginning: u128,
}

impl RunEntry {
    fn key(&self) -> &[u8] {
        &self.bytes[..self.key_bytes]
    }

    /// Sorts as the key does, and mostly without looking at it.
    fn order(&self) -> (u128, &[u8]) {
        (self.beginning, self.key())
    }

    /// The values and the lines.
    fn total<const N: usize>(&self) -> Result<([i64; N], &[u8])> {
        let (mut values, mut rest) = ([0; N], &self.bytes[self.key_bytes..]);
        for value in &mut values {
            *value = read_number(&mut rest)?;
        }
        Ok((values, rest))
    }
}

/// The first bytes of a key as a number that sorts as they do.
pub(crate) fn beginning(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let known = key.len().min(bytes.len());
    bytes[..known].copy_from_slice(&key[..known]);
    u128::from_be_bytes(bytes)
}

/// The least entry of a run that was not yet taken.
struct RunHead<R> {
    entry: RunEntry,
    rest: R,
}

impl<R: Read> RunHead<R> {
    fn first(rest: R) -> Result<Option<Self>> {
        let mut head = Self { entry: RunEntry::default(), rest };
        Ok(head.read()?.then_some(head))
    }

    /// Reads the next entry; false at the end of the run.
    fn read(&mut self) -> Result<bool> {
        let mut sizes = [[0; 8]; 2];
        match self.rest.read_exact(sizes.as_flattened_mut()) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            read => read.context("reading a run")?,
        }
        let [bytes, key_bytes] = sizes.map(|size| u64::from_le_bytes(size) as usize);
        self.entry.bytes.resize(bytes, 0);
        self.rest.read_exact(&mut self.entry.bytes).context("reading a run")?;
        self.entry.key_bytes = key_bytes;
        self.entry.beginning = beginning(self.entry.key());
        Ok(true)
    }
}

// The heap gives its greatest first, so the order is turned round.
impl<R> Ord for RunHead<R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.entry.order().cmp(&self.entry.order())
    }
}

impl<R> PartialOrd for RunHead<R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> PartialEq for RunHead<R> {
    fn eq(&self, other: &Self) -> bool {
        self.entry.order() == other.entry.order()
    }
}

impl<R> Eq for RunHead<R> {}
