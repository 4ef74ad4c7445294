//! Sorted runs of totals in temporary files, and how they are merged.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};

use anyhow::{Context, Result};

use super::runs::{Fold, Part, fold, unite};

const BUFFER_BYTES: usize = 64 * 1024;
/// Between the parts of a key; no text has it, so whole keys sort as their parts do.
const SEPARATOR: u8 = 0;

/// Writes a run, in the order of its keys. An entry is the bytes of its key and the number of its parts, then its key, its
/// values and its parts; numbers take eight bytes, the least first.
pub struct Writer {
    file: BufWriter<File>,
    entry: Vec<u8>,
}

impl Writer {
    /// An empty run. Its file has no name and goes away with it.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn new() -> Result<Self> {
        let file = tempfile::tempfile().context("creating a temporary file")?;
        Ok(Self { file: BufWriter::with_capacity(BUFFER_BYTES, file), entry: Vec::new() })
    }

    /// Writes the next key with its total and its parts.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn write<const N: usize>(
        &mut self,
        group: &[u8],
        member: &[u8],
        values: &[i64; N],
        parts: &[Part],
    ) -> Result<()> {
        self.entry.clear();
        let key_bytes = group.len() + 1 + member.len();
        [key_bytes, parts.len()].iter().for_each(|number| self.entry.extend((*number as u64).to_le_bytes()));
        [group, &[SEPARATOR], member].iter().for_each(|piece| self.entry.extend_from_slice(piece));
        values.iter().for_each(|value| self.entry.extend(value.to_le_bytes()));
        for part in parts {
            let [one, other] = part.values.map(i64::to_le_bytes);
            self.entry.extend_from_slice([u64::from(part.item).to_le_bytes(), one, other].as_flattened());
        }
        self.file.write_all(&self.entry).context("writing a run")
    }

    /// The run, complete.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn finish(self) -> Result<File> {
        self.file.into_inner().context("writing a run")
    }
}

/// Gives the keys of runs in order, each once with its total over all runs and its parts.
///
/// # Errors
/// When a run cannot be read, or the receiver fails.
pub fn merge<'a, const N: usize>(
    folds: &[Fold; N],
    files: impl IntoIterator<Item = &'a mut File>,
    mut give: impl FnMut(&[u8], &[u8], &[i64; N], &[Part]) -> Result<()>,
) -> Result<()> {
    let mut heads = BinaryHeap::new();
    for file in files {
        file.seek(SeekFrom::Start(0)).context("rewinding a run")?;
        heads.extend(Head::first(BufReader::with_capacity(BUFFER_BYTES, file))?);
    }
    let (mut key, mut same, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(mut total) = take(&mut heads, &mut key, &mut parts)? {
        let mut is_pieced = false;
        while heads.peek().is_some_and(|head| head.key == key) {
            if let Some(values) = take(&mut heads, &mut same, &mut parts)? {
                fold(folds, &mut total, &values);
                is_pieced = true;
            }
        }
        if is_pieced {
            unite(&mut parts);
        }
        let (group, member) = split(&key);
        give(group, member, &total, &parts)?;
        parts.clear();
    }
    Ok(())
}

fn split(key: &[u8]) -> (&[u8], &[u8]) {
    let end = key.iter().position(|byte| *byte == SEPARATOR).unwrap_or(key.len());
    (&key[..end], key.get(end + 1..).unwrap_or_default())
}

/// Takes the least entry of all runs; its parts are added to those that are there.
fn take<const N: usize, R: Read>(
    heads: &mut BinaryHeap<Head<N, R>>,
    key: &mut Vec<u8>,
    parts: &mut Vec<Part>,
) -> Result<Option<[i64; N]>> {
    let Some(mut head) = heads.peek_mut() else { return Ok(None) };
    let values = head.values;
    std::mem::swap(key, &mut head.key);
    parts.extend_from_slice(&head.parts);
    if !head.read()? {
        PeekMut::pop(head);
    }
    Ok(Some(values))
}

/// The least entry of a run that was not yet taken.
struct Head<const N: usize, R> {
    key: Vec<u8>,
    values: [i64; N],
    parts: Vec<Part>,
    rest: R,
    /// The bytes of the values and parts.
    numbers: Vec<u8>,
}

impl<const N: usize, R: Read> Head<N, R> {
    fn first(rest: R) -> Result<Option<Self>> {
        let mut head = Self { key: Vec::new(), values: [0; N], parts: Vec::new(), rest, numbers: Vec::new() };
        Ok(head.read()?.then_some(head))
    }

    /// Reads the next entry; false at the end of the run.
    fn read(&mut self) -> Result<bool> {
        let mut sizes = [[0; 8]; 2];
        match self.rest.read_exact(sizes.as_flattened_mut()) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            read => read.context("reading a run")?,
        }
        let [key_bytes, parts] = sizes.map(|size| u64::from_le_bytes(size) as usize);
        self.key.resize(key_bytes, 0);
        self.rest.read_exact(&mut self.key).context("reading a run")?;
        self.numbers.resize((N + 3 * parts) * 8, 0);
        self.rest.read_exact(&mut self.numbers).context("reading a run")?;
        let (numbers, _) = self.numbers.as_chunks::<8>();
        let (values, parts) = numbers.split_at(N);
        self.values.iter_mut().zip(values).for_each(|(value, bytes)| *value = i64::from_le_bytes(*bytes));
        self.parts.clear();
        let (parts, _) = parts.as_chunks::<3>();
        self.parts.extend(parts.iter().map(|[item, one, other]| Part {
            item: u64::from_le_bytes(*item) as u32,
            values: [i64::from_le_bytes(*one), i64::from_le_bytes(*other)],
        }));
        Ok(true)
    }
}

// The heap gives its greatest first, so the order is turned round.
impl<const N: usize, R> Ord for Head<N, R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.key.cmp(&self.key)
    }
}

impl<const N: usize, R> PartialOrd for Head<N, R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize, R> PartialEq for Head<N, R> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<const N: usize, R> Eq for Head<N, R> {}
