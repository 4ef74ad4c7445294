//! Totals by key in bounded memory: entries that are written to a temporary file as a sorted run when there are many, and
//! the runs merged at the end. Every aggregate function is associative and commutative, so the result does not depend on the order of
//! what is added or on where a run was ended. A total may have order lines; they go with it.

mod run_file;

use std::fs::File;

use anyhow::Result;

use crate::aggregation::aggregate_fn::{AggregateFn, combine};
use crate::aggregation::external_sort::run_file::{RunWriter, beginning, merge_runs};
use crate::aggregation::order_lines::{OrderLine, merge_many, read_order_lines};

/// The size at which entries are written to a file. More would make fewer runs, but no longer fit the caches.
const MEMORY_BYTES: usize = 4 << 20;
/// Runs that are merged into one of the next level, so that few files are open and each total is written again seldom.
const RUNS_MAX: usize = 32;
/// Between the two texts of a key; no text has it, so whole keys sort as their texts do.
const SEPARATOR: u8 = 0;

/// Totals of `N` values by a key of two texts, such as shopper and order. Neither holds a NUL.
pub(crate) struct ExternalSort<const N: usize> {
    functions: [AggregateFn; N],
    memory_bytes: usize,
    /// The keys of the entries, each followed by the lines of its entry.
    bytes: Vec<u8>,
    /// In the order in which they came. A key that comes again, but not at once, has an entry more.
    entries: Vec<MemoryEntry<N>>,
    /// Runs by how often they were merged.
    levels: Vec<Vec<File>>,
    /// The groups of all runs that were ever written.
    written_groups: u64,
}

struct MemoryEntry<const N: usize> {
    start: usize,
    key_bytes: usize,
    values: [i64; N],
}

impl<const N: usize> ExternalSort<N> {
    /// Nothing yet; the values are folded like this.
    pub(crate) fn new(functions: [AggregateFn; N]) -> Self {
        Self::with_memory(functions, MEMORY_BYTES)
    }

    /// The same, writing a run whenever about this many bytes are in memory.
    pub(crate) fn with_memory(functions: [AggregateFn; N], memory_bytes: usize) -> Self {
        Self { functions, memory_bytes, bytes: Vec::new(), entries: Vec::new(), levels: Vec::new(), written_groups: 0 }
    }

    /// How many groups there are, or a greater number: those that came again in a later run count more than once.
    pub(crate) fn max_groups(&self) -> u64 {
        self.written_groups + self.entries.len() as u64
    }

    /// Adds values to the total of a key, and an order line to its lines.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub(crate) fn add(
        &mut self,
        group: &[u8],
        member: &[u8],
        values: &[i64; N],
        line: Option<OrderLine>,
    ) -> Result<()> {
        let start = self.bytes.len();
        [group, &[SEPARATOR], member].iter().for_each(|piece| self.bytes.extend_from_slice(piece));
        let (before, key) = self.bytes.split_at(start);
        match self.entries.last_mut() {
            Some(last) if &before[last.start..][..last.key_bytes] == key => {
                combine(&self.functions, &mut last.values, values);
                self.bytes.truncate(start);
            }
            _ => self.entries.push(MemoryEntry { start, key_bytes: key.len(), values: *values }),
        }
        self.add_line(line)
    }

    /// Adds to the key that was added to last. False, and nothing done, when a run was written since: then the key has to
    /// be named again.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub(crate) fn add_again(&mut self, values: &[i64; N], line: Option<OrderLine>) -> Result<bool> {
        let Some(last) = self.entries.last_mut() else { return Ok(false) };
        combine(&self.functions, &mut last.values, values);
        self.add_line(line)?;
        Ok(true)
    }

    fn add_line(&mut self, line: Option<OrderLine>) -> Result<()> {
        if let Some(line) = line {
            line.write(&mut self.bytes);
        }
        let bytes = self.bytes.len() + self.entries.len() * size_of::<MemoryEntry<N>>();
        if bytes >= self.memory_bytes { self.spill() } else { Ok(()) }
    }

    /// Adds everything that was added to other totals.
    ///
    /// # Errors
    /// When a run cannot be written or read.
    pub(crate) fn merge(&mut self, mut other: Self) -> Result<()> {
        other.spill()?;
        self.written_groups += other.written_groups;
        for (level, runs) in other.levels.into_iter().enumerate() {
            runs.into_iter().try_for_each(|run| self.keep(run, level))?;
        }
        Ok(())
    }

    /// Gives every key with its total and its lines, in the order of the keys. The lines are in no order, and an item may
    /// have several. May be asked again.
    ///
    /// # Errors
    /// When a run cannot be read, or the receiver fails.
    pub(crate) fn for_each(
        &mut self,
        mut give: impl FnMut(&[u8], &[u8], &[i64; N], &[OrderLine]) -> Result<()>,
    ) -> Result<()> {
        let mut lines = Vec::new();
        let give = |key: &[u8], values: &_, bytes: &[u8]| {
            lines.clear();
            read_order_lines(bytes, &mut lines)?;
            let (group, member) = split(key);
            give(group, member, values, &lines)
        };
        if self.levels.is_empty() {
            return self.give(give);
        }
        self.spill()?;
        merge_runs(&self.functions, self.levels.iter_mut().flatten(), give)
    }

    /// Gives what is in memory, sorted.
    fn give(&self, mut give: impl FnMut(&[u8], &[i64; N], &[u8]) -> Result<()>) -> Result<()> {
        // The first bytes mostly decide, and here they lie side by side.
        let mut order: Vec<_> = (0..self.entries.len()).map(|index| (beginning(self.key(index)), index)).collect();
        order.sort_unstable_by(|(key_a, a), (key_b, b)| key_a.cmp(key_b).then_with(|| self.key(*a).cmp(self.key(*b))));
        let (mut order, mut lines) = (order.into_iter().peekable(), Vec::new());
        while let Some((first, index)) = order.next() {
            let mut total = self.entries[index].values;
            lines.clear();
            lines.extend_from_slice(self.lines(index));
            let is_same = |(key, next): &(u128, usize)| *key == first && self.key(*next) == self.key(index);
            while let Some((_, same)) = order.next_if(is_same) {
                combine(&self.functions, &mut total, &self.entries[same].values);
                lines.extend_from_slice(self.lines(same));
            }
            merge_many(&mut lines)?;
            give(self.key(index), &total, &lines)?;
        }
        Ok(())
    }

    fn key(&self, index: usize) -> &[u8] {
        let MemoryEntry { start, key_bytes, .. } = self.entries[index];
        &self.bytes[start..start + key_bytes]
    }

    fn lines(&self, index: usize) -> &[u8] {
        let MemoryEntry { start, key_bytes, .. } = self.entries[index];
        let end = self.entries.get(index + 1).map_or(self.bytes.len(), |next| next.start);
        &self.bytes[start + key_bytes..end]
    }

    fn spill(&mut self) -> Result<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let (mut run, mut group, mut groups) = (RunWriter::new()?, Vec::new(), 0);
        self.give(|key, values, lines| {
            if groups == 0 || split(key).0 != group.as_slice() {
                split(key).0.clone_into(&mut group);
                groups += 1;
            }
            run.write(key, values, lines)
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
        let mut run = RunWriter::new()?;
        merge_runs(&self.functions, &mut self.levels[level], |key, values, lines| run.write(key, values, lines))?;
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

    const FUNCTIONS: [AggregateFn; 3] = [AggregateFn::Sum, AggregateFn::Min, AggregateFn::Max];
    type Totals = BTreeMap<(Vec<u8>, Vec<u8>), ([i64; 3], BTreeMap<u32, i64>)>;

    proptest! {
        #[test]
        fn runs_of_any_length_give_the_totals_of_the_whole(
            rows in prop::collection::vec(("[a-c]{0,2}", "[a-c]{0,2}", 0..100_i64, prop::option::of(0..4_u32)), 0..400),
            memory_bytes in 1..20_000_usize,
        ) {
            let mut expected = Totals::new();
            let mut all = [memory_bytes, memory_bytes / 2].map(|memory_bytes| ExternalSort::with_memory(FUNCTIONS, memory_bytes));
            for (index, (group, member, value, item)) in rows.into_iter().enumerate() {
                let line = item.map(|item| OrderLine { item, values: [value; 2] });
                all[index % 2].add(group.as_bytes(), member.as_bytes(), &[value; 3], line).unwrap();
                let new = || ([0, i64::MAX, i64::MIN], BTreeMap::new());
                let (total, lines) = expected.entry((group.into(), member.into())).or_insert_with(new);
                combine(&FUNCTIONS, total, &[value; 3]);
                item.into_iter().for_each(|item| *lines.entry(item).or_insert(0) += value);
            }
            let [mut runs, other] = all;
            runs.merge(other).unwrap();
            for _ in 0..2 {
                prop_assert_eq!(totals(&mut runs), expected.clone());
            }
        }
    }

    #[test]
    fn a_sum_that_overflows_stays_at_the_limit() {
        let mut runs = ExternalSort::new([AggregateFn::Sum]);
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

    fn totals(runs: &mut ExternalSort<3>) -> Totals {
        let mut all = Totals::new();
        let mut last = None;
        runs.for_each(|group, member, values, lines| {
            let mut sums = BTreeMap::new();
            lines.iter().for_each(|line| *sums.entry(line.item).or_insert(0) += line.values[0]);
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
