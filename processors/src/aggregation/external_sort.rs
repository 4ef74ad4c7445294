//! Totals by key in bounded memory: entries that are written to a temporary file as a sorted run when there are many, and
//! the runs merged at the end. Every fold is associative and commutative, so the result does not depend on the order of
//! what is added or on where a run was cut. A total may have parts, such as the items of an order; they go with it.

mod run_file;

use std::fs::File;

use anyhow::Result;

use crate::aggregation::aggregate_fn::{Fold, fold};
use crate::aggregation::external_sort::run_file::{Writer, beginning, merge};
use crate::aggregation::order_lines::{Part, read_parts, unite_many};

/// The size at which entries are written to a file. More would make fewer runs, but no longer fit the caches.
const MEMORY_BYTES: usize = 4 << 20;
/// Runs that are merged into one of the next level, so that few files are open and each total is written again seldom.
const RUNS_MAX: usize = 32;
/// Between the parts of a key; no text has it, so whole keys sort as their parts do.
const SEPARATOR: u8 = 0;

/// Totals of `N` values by a key of two texts, such as shopper and order. Neither holds a NUL.
pub struct Runs<const N: usize> {
    folds: [Fold; N],
    memory_bytes: usize,
    /// The keys of the entries, each followed by the parts of its entry.
    bytes: Vec<u8>,
    /// In the order in which they came. A key that comes again, but not at once, has an entry more.
    entries: Vec<Entry<N>>,
    /// Runs by how often they were merged.
    levels: Vec<Vec<File>>,
    /// The groups of all runs that were ever written.
    written_groups: u64,
}

struct Entry<const N: usize> {
    start: usize,
    key_bytes: usize,
    values: [i64; N],
}

impl<const N: usize> Runs<N> {
    /// Nothing yet; the values are folded like this.
    pub fn new(folds: [Fold; N]) -> Self {
        Self::with_memory(folds, MEMORY_BYTES)
    }

    /// The same, writing a run whenever about this many bytes are in memory.
    pub fn with_memory(folds: [Fold; N], memory_bytes: usize) -> Self {
        Self { folds, memory_bytes, bytes: Vec::new(), entries: Vec::new(), levels: Vec::new(), written_groups: 0 }
    }

    /// How many groups there are, or a greater number: those that came again in a later run count more than once.
    pub fn groups_at_most(&self) -> u64 {
        self.written_groups + self.entries.len() as u64
    }

    /// Adds values to the total of a key, and a part to its parts.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub fn add(&mut self, group: &[u8], member: &[u8], values: &[i64; N], part: Option<Part>) -> Result<()> {
        let start = self.bytes.len();
        [group, &[SEPARATOR], member].iter().for_each(|piece| self.bytes.extend_from_slice(piece));
        let (before, key) = self.bytes.split_at(start);
        match self.entries.last_mut() {
            Some(last) if &before[last.start..][..last.key_bytes] == key => {
                fold(&self.folds, &mut last.values, values);
                self.bytes.truncate(start);
            }
            _ => self.entries.push(Entry { start, key_bytes: key.len(), values: *values }),
        }
        self.add_part(part)
    }

    /// Adds to the key that was added to last. False, and nothing done, when a run was written since: then the key has to
    /// be named again.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub fn add_again(&mut self, values: &[i64; N], part: Option<Part>) -> Result<bool> {
        let Some(last) = self.entries.last_mut() else { return Ok(false) };
        fold(&self.folds, &mut last.values, values);
        self.add_part(part)?;
        Ok(true)
    }

    fn add_part(&mut self, part: Option<Part>) -> Result<()> {
        if let Some(part) = part {
            part.write(&mut self.bytes);
        }
        let bytes = self.bytes.len() + self.entries.len() * size_of::<Entry<N>>();
        if bytes >= self.memory_bytes { self.spill() } else { Ok(()) }
    }

    /// Adds everything that was added to other totals.
    ///
    /// # Errors
    /// When a run cannot be written or read.
    pub fn absorb(&mut self, mut other: Self) -> Result<()> {
        other.spill()?;
        self.written_groups += other.written_groups;
        for (level, runs) in other.levels.into_iter().enumerate() {
            runs.into_iter().try_for_each(|run| self.keep(run, level))?;
        }
        Ok(())
    }

    /// Gives every key with its total and its parts, in the order of the keys. The parts are in no order, and an item may
    /// have several. May be asked again.
    ///
    /// # Errors
    /// When a run cannot be read, or the receiver fails.
    pub fn for_each(&mut self, mut give: impl FnMut(&[u8], &[u8], &[i64; N], &[Part]) -> Result<()>) -> Result<()> {
        let mut parts = Vec::new();
        let give = |key: &[u8], values: &_, bytes: &[u8]| {
            parts.clear();
            read_parts(bytes, &mut parts)?;
            let (group, member) = split(key);
            give(group, member, values, &parts)
        };
        if self.levels.is_empty() {
            return self.give(give);
        }
        self.spill()?;
        merge(&self.folds, self.levels.iter_mut().flatten(), give)
    }

    /// Gives what is in memory, sorted.
    fn give(&self, mut give: impl FnMut(&[u8], &[i64; N], &[u8]) -> Result<()>) -> Result<()> {
        // The first bytes mostly decide, and here they lie side by side.
        let mut order: Vec<_> = (0..self.entries.len()).map(|index| (beginning(self.key(index)), index)).collect();
        order.sort_unstable_by(|(one, a), (other, b)| one.cmp(other).then_with(|| self.key(*a).cmp(self.key(*b))));
        let (mut order, mut parts) = (order.into_iter().peekable(), Vec::new());
        while let Some((first, index)) = order.next() {
            let mut total = self.entries[index].values;
            parts.clear();
            parts.extend_from_slice(self.parts(index));
            let is_same = |(other, place): &(u128, usize)| *other == first && self.key(*place) == self.key(index);
            while let Some((_, same)) = order.next_if(is_same) {
                fold(&self.folds, &mut total, &self.entries[same].values);
                parts.extend_from_slice(self.parts(same));
            }
            unite_many(&mut parts)?;
            give(self.key(index), &total, &parts)?;
        }
        Ok(())
    }

    fn key(&self, index: usize) -> &[u8] {
        let Entry { start, key_bytes, .. } = self.entries[index];
        &self.bytes[start..start + key_bytes]
    }

    fn parts(&self, index: usize) -> &[u8] {
        let Entry { start, key_bytes, .. } = self.entries[index];
        let end = self.entries.get(index + 1).map_or(self.bytes.len(), |next| next.start);
        &self.bytes[start + key_bytes..end]
    }

    fn spill(&mut self) -> Result<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let (mut run, mut group, mut groups) = (Writer::new()?, Vec::new(), 0);
        self.give(|key, values, parts| {
            if groups == 0 || split(key).0 != group.as_slice() {
                split(key).0.clone_into(&mut group);
                groups += 1;
            }
            run.write(key, values, parts)
        })?;
        self.written_groups += groups;
        self.entries.clear();
        self.bytes.clear();
        self.keep(run.finish()?, 0)
    }

    /// Keeps a run, and merges those of its level when there are many.
    fn keep(&mut self, run: File, level: usize) -> Result<()> {
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Vec::new);
        }
        self.levels[level].push(run);
        if self.levels[level].len() < RUNS_MAX {
            return Ok(());
        }
        let mut run = Writer::new()?;
        merge(&self.folds, &mut self.levels[level], |key, values, parts| run.write(key, values, parts))?;
        self.levels[level].clear();
        self.keep(run.finish()?, level + 1)
    }
}

fn split(key: &[u8]) -> (&[u8], &[u8]) {
    let end = key.iter().position(|byte| *byte == SEPARATOR).unwrap_or(key.len());
    (&key[..end], key.get(end + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const FOLDS: [Fold; 3] = [Fold::Sum, Fold::Min, Fold::Max];
    type Totals = BTreeMap<(Vec<u8>, Vec<u8>), ([i64; 3], BTreeMap<u32, i64>)>;

    proptest! {
        #[test]
        fn runs_of_any_length_give_the_totals_of_the_whole(
            rows in prop::collection::vec(("[a-c]{0,2}", "[a-c]{0,2}", 0..100_i64, prop::option::of(0..4_u32)), 0..400),
            memory_bytes in 1..20_000_usize,
        ) {
            let mut expected = Totals::new();
            let mut all = [memory_bytes, memory_bytes / 2].map(|memory_bytes| Runs::with_memory(FOLDS, memory_bytes));
            for (place, (group, member, value, item)) in rows.into_iter().enumerate() {
                let part = item.map(|item| Part { item, values: [value; 2] });
                all[place % 2].add(group.as_bytes(), member.as_bytes(), &[value; 3], part).unwrap();
                let new = || ([0, i64::MAX, i64::MIN], BTreeMap::new());
                let (total, parts) = expected.entry((group.into(), member.into())).or_insert_with(new);
                fold(&FOLDS, total, &[value; 3]);
                item.into_iter().for_each(|item| *parts.entry(item).or_insert(0) += value);
            }
            let [mut runs, other] = all;
            runs.absorb(other).unwrap();
            for _ in 0..2 {
                prop_assert_eq!(totals(&mut runs), expected.clone());
            }
        }
    }

    #[test]
    fn a_sum_that_overflows_stays_at_the_limit() {
        let mut runs = Runs::new([Fold::Sum]);
        for value in [i64::MAX - 1, 5, 7] {
            runs.add(b"a", b"b", &[value], None).unwrap();
        }
        let mut given = Vec::new();
        runs.for_each(|_, _, values, _| {
            given.push(*values);
            Ok(())
        })
        .unwrap();
        assert_eq!(given, [[i64::MAX]]);
    }

    fn totals(runs: &mut Runs<3>) -> Totals {
        let mut all = Totals::new();
        let mut last = None;
        runs.for_each(|group, member, values, parts| {
            let mut sums = BTreeMap::new();
            parts.iter().for_each(|part| *sums.entry(part.item).or_insert(0) += part.values[0]);
            let key = Some((group.to_vec(), member.to_vec()));
            assert!(last < key, "keys come in order");
            last.clone_from(&key);
            all.extend(key.map(|key| (key, (*values, sums))));
            Ok(())
        })
        .unwrap();
        all
    }
}
