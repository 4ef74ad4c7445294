//! Totals by key in bounded memory: a hash map that is written to a temporary file as a sorted run when it gets
//! large, and the runs merged at the end. Every fold is associative and commutative, so the result does not
//! depend on the order of what is added or on where a run was cut.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};

use anyhow::{Context, Result};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;
use std::hash::BuildHasher;

/// The size at which the map is written to a file.
const MEMORY_BYTES: usize = 24 << 20;
/// Runs that are merged into one, so that few files are open.
const RUNS_MAX: usize = 32;
const BUFFER_BYTES: usize = 64 * 1024;

/// How two values of a total become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Their sum; the values are not negative, and a sum that overflows stays `i64::MAX`.
    Sum,
    /// The lesser one.
    Min,
    /// The greater one.
    Max,
}

impl Fold {
    fn apply(self, one: i64, other: i64) -> i64 {
        match self {
            Self::Sum => one.saturating_add(other),
            Self::Min => one.min(other),
            Self::Max => one.max(other),
        }
    }
}

/// Totals of `N` values by key.
pub struct Runs<const N: usize> {
    folds: [Fold; N],
    memory_bytes: usize,
    hasher: FixedState,
    table: HashTable<usize>,
    entries: Vec<Entry<N>>,
    keys: Vec<u8>,
    /// Where the entry is that was changed last: equal keys follow each other often.
    last: Option<usize>,
    files: Vec<File>,
}

#[derive(Clone, Copy)]
struct Entry<const N: usize> {
    start: usize,
    end: usize,
    values: [i64; N],
}

impl<const N: usize> Runs<N> {
    /// Nothing yet; the values are folded like this.
    pub fn new(folds: [Fold; N]) -> Self {
        Self::with_memory(folds, MEMORY_BYTES)
    }

    /// The same, writing a run whenever about this many bytes are in memory.
    pub fn with_memory(folds: [Fold; N], memory_bytes: usize) -> Self {
        Self {
            folds,
            memory_bytes,
            hasher: FixedState::default(),
            table: HashTable::new(),
            entries: Vec::new(),
            keys: Vec::new(),
            last: None,
            files: Vec::new(),
        }
    }

    /// Adds values to the total of a key.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub fn add(&mut self, key: &[u8], values: [i64; N]) -> Result<()> {
        let (entries, keys) = (&self.entries, &self.keys);
        let key_of = |index: usize| &keys[entries[index].start..entries[index].end];
        if let Some(last) = self.last.filter(|last| key_of(*last) == key) {
            self.fold(last, values);
            return Ok(());
        }
        let (hasher, hash) = (&self.hasher, self.hasher.hash_one(key));
        match self.table.entry(hash, |index| key_of(*index) == key, |index| hasher.hash_one(key_of(*index))) {
            Slot::Occupied(slot) => {
                let index = *slot.get();
                self.last = Some(index);
                self.fold(index, values);
                Ok(())
            }
            Slot::Vacant(slot) => {
                slot.insert(self.entries.len());
                self.last = Some(self.entries.len());
                self.push(key, values)
            }
        }
    }

    fn fold(&mut self, index: usize, values: [i64; N]) {
        fold(&self.folds, &mut self.entries[index].values, values);
    }

    fn push(&mut self, key: &[u8], values: [i64; N]) -> Result<()> {
        let start = self.keys.len();
        self.keys.extend_from_slice(key);
        self.entries.push(Entry { start, end: self.keys.len(), values });
        let bytes = self.keys.len() + self.entries.len() * (size_of::<Entry<N>>() + 16);
        if bytes >= self.memory_bytes { self.spill() } else { Ok(()) }
    }

    /// Gives every key with its total, in the order of the keys. May be asked again.
    ///
    /// # Errors
    /// When a run cannot be read, or the receiver fails.
    pub fn for_each(&mut self, mut give: impl FnMut(&[u8], &[i64; N]) -> Result<()>) -> Result<()> {
        if self.files.is_empty() {
            self.sort();
            return self.entries.iter().try_for_each(|entry| give(&self.keys[entry.start..entry.end], &entry.values));
        }
        if !self.entries.is_empty() {
            self.spill()?;
        }
        merge(&self.folds, &mut self.files, give)
    }

    /// The map no longer knows where its entries are: nothing can be added to them after this.
    fn sort(&mut self) {
        self.table.clear();
        self.last = None;
        let keys = &self.keys;
        self.entries.sort_unstable_by(|a, b| keys[a.start..a.end].cmp(&keys[b.start..b.end]));
    }

    fn spill(&mut self) -> Result<()> {
        self.sort();
        let mut run = Writer::new()?;
        for entry in &self.entries {
            run.write(&self.keys[entry.start..entry.end], &entry.values)?;
        }
        self.files.push(run.finish()?);
        self.entries.clear();
        self.keys.clear();
        if self.files.len() < RUNS_MAX {
            return Ok(());
        }
        let mut run = Writer::new()?;
        merge(&self.folds, &mut self.files, |key, values| run.write(key, values))?;
        self.files = vec![run.finish()?];
        Ok(())
    }
}

/// Folds values into a total.
pub fn fold<const N: usize>(folds: &[Fold; N], total: &mut [i64; N], values: [i64; N]) {
    for (index, fold) in folds.iter().enumerate() {
        total[index] = fold.apply(total[index], values[index]);
    }
}

/// Gives the keys of sorted runs in order, each once.
fn merge<const N: usize>(
    folds: &[Fold; N],
    files: &mut [File],
    mut give: impl FnMut(&[u8], &[i64; N]) -> Result<()>,
) -> Result<()> {
    let mut heads = BinaryHeap::new();
    for file in files {
        file.seek(SeekFrom::Start(0)).context("rewinding a run")?;
        heads.extend(Head::first(BufReader::with_capacity(BUFFER_BYTES, file))?);
    }
    let (mut key, mut same) = (Vec::new(), Vec::new());
    while let Some(mut total) = take(&mut heads, &mut key)? {
        while heads.peek().is_some_and(|head| head.key == key) {
            if let Some(values) = take(&mut heads, &mut same)? {
                fold(folds, &mut total, values);
            }
        }
        give(&key, &total)?;
    }
    Ok(())
}

/// Takes the least entry of all runs.
fn take<const N: usize, R: Read>(heads: &mut BinaryHeap<Head<N, R>>, key: &mut Vec<u8>) -> Result<Option<[i64; N]>> {
    let Some(mut head) = heads.peek_mut() else { return Ok(None) };
    let values = head.values;
    std::mem::swap(key, &mut head.key);
    if !head.read()? {
        PeekMut::pop(head);
    }
    Ok(Some(values))
}

/// The least entry of a run that was not yet taken.
struct Head<const N: usize, R> {
    key: Vec<u8>,
    values: [i64; N],
    rest: R,
}

impl<const N: usize, R: Read> Head<N, R> {
    fn first(rest: R) -> Result<Option<Self>> {
        let mut head = Self { key: Vec::new(), values: [0; N], rest };
        Ok(head.read()?.then_some(head))
    }

    /// Reads the next entry; false at the end of the run.
    fn read(&mut self) -> Result<bool> {
        let mut word = [0; 8];
        match self.rest.read_exact(&mut word) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            read => read.context("reading a run")?,
        }
        self.key.resize(usize::try_from(u64::from_le_bytes(word))?, 0);
        self.rest.read_exact(&mut self.key).context("reading a run")?;
        for value in &mut self.values {
            self.rest.read_exact(&mut word).context("reading a run")?;
            *value = i64::from_le_bytes(word);
        }
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

struct Writer(BufWriter<File>);

impl Writer {
    fn new() -> Result<Self> {
        let file = tempfile::tempfile().context("creating a temporary file")?;
        Ok(Self(BufWriter::with_capacity(BUFFER_BYTES, file)))
    }

    fn write<const N: usize>(&mut self, key: &[u8], values: &[i64; N]) -> Result<()> {
        self.0.write_all(&(key.len() as u64).to_le_bytes()).context("writing a run")?;
        self.0.write_all(key).context("writing a run")?;
        for value in values {
            self.0.write_all(&value.to_le_bytes()).context("writing a run")?;
        }
        Ok(())
    }

    fn finish(self) -> Result<File> {
        self.0.into_inner().context("writing a run")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const FOLDS: [Fold; 3] = [Fold::Sum, Fold::Min, Fold::Max];

    proptest! {
        #[test]
        fn runs_of_any_length_give_the_totals_of_the_whole(
            rows in prop::collection::vec(("[a-c]{0,3}", 0..100_i64), 0..400),
            memory_bytes in 1..5_000_usize,
        ) {
            let mut expected: BTreeMap<Vec<u8>, [i64; 3]> = BTreeMap::new();
            let mut runs = Runs::with_memory(FOLDS, memory_bytes);
            for (key, value) in &rows {
                runs.add(key.as_bytes(), [*value; 3]).unwrap();
                let total = expected.entry(key.as_bytes().to_vec()).or_insert([0, i64::MAX, i64::MIN]);
                fold(&FOLDS, total, [*value; 3]);
            }
            for _ in 0..2 {
                prop_assert_eq!(totals(&mut runs), expected.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_sum_that_overflows_stays_at_the_limit() {
        let mut runs = Runs::new([Fold::Sum]);
        for value in [i64::MAX - 1, 5, 7] {
            runs.add(b"a", [value]).unwrap();
        }
        assert_eq!(totals(&mut runs), [(b"a".to_vec(), [i64::MAX])]);
    }

    fn totals<const N: usize>(runs: &mut Runs<N>) -> Vec<(Vec<u8>, [i64; N])> {
        let mut all = Vec::new();
        runs.for_each(|key, values| {
            all.push((key.to_vec(), *values));
            Ok(())
        })
        .unwrap();
        all
    }
}
