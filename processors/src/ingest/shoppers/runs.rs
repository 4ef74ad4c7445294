//! Totals by key in bounded memory: a hash map that is written to a temporary file as a sorted run when it gets
//! large, and the runs merged at the end. Every fold is associative and commutative, so the result does not
//! depend on the order of what is added or on where a run was cut. A total may have parts, such as the items of an
//! order; they go with it.

use std::fs::File;
use std::hash::{BuildHasher, Hash};

use anyhow::Result;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

use super::run_file::{Writer, merge};
use crate::ingest::columns::texts::Texts;

/// The size at which the map is written to a file. A larger one would make fewer runs, but no longer fit the caches.
const MEMORY_BYTES: usize = 4 << 20;
/// What the tables take for an entry, in bytes.
const SLOT_BYTES: usize = 24;
/// Runs that are merged into one of the next level, so that few files are open and each total is written again seldom.
const RUNS_MAX: usize = 64;

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

/// Folds values into a total.
pub fn fold<const N: usize>(folds: &[Fold; N], total: &mut [i64; N], values: &[i64; N]) {
    for (index, fold) in folds.iter().enumerate() {
        total[index] = fold.apply(total[index], values[index]);
    }
}

/// A part of a total: the sums of two values for one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The number of the item.
    pub item: u32,
    /// Its values, which are not negative.
    pub values: [i64; 2],
}

/// Brings parts into the order of their items, each item once.
pub fn unite(parts: &mut Vec<Part>) {
    parts.sort_unstable_by_key(|part| part.item);
    parts.dedup_by(|next, part| {
        let is_same = next.item == part.item;
        if is_same {
            fold(&[Fold::Sum; 2], &mut part.values, &next.values);
        }
        is_same
    });
}

/// Totals of `N` values by a key of two texts, such as shopper and order. Neither holds a NUL.
pub struct Runs<const N: usize> {
    folds: [Fold; N],
    memory_bytes: usize,
    groups: Texts,
    members: Texts,
    entries: Vec<Entry<N>>,
    parts: Vec<Placed>,
    /// The entry that was added to last; nothing at the beginning of a run.
    last: Option<usize>,
    /// Where the entry of a key is.
    table: HashTable<Place>,
    /// Runs by how often they were merged.
    levels: Vec<Vec<File>>,
    /// The groups of all runs that were ever written.
    written_groups: u64,
}

#[derive(Clone, Copy)]
struct Place {
    key: Key,
    index: usize,
}

/// The numbers of the group and of the member.
type Key = (u32, u32);

#[derive(Clone, Copy)]
struct Entry<const N: usize> {
    key: Key,
    values: [i64; N],
}

/// A part and the index of its entry. Flat, so that it takes 24 bytes and not 32.
#[derive(Clone, Copy)]
struct Placed {
    entry: u32,
    item: u32,
    values: [i64; 2],
}

impl Placed {
    fn part(&self) -> Part {
        Part { item: self.item, values: self.values }
    }
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
            groups: Texts::default(),
            members: Texts::default(),
            entries: Vec::new(),
            parts: Vec::new(),
            last: None,
            table: HashTable::new(),
            levels: Vec::new(),
            written_groups: 0,
        }
    }

    /// How many groups there are, or a greater number: those that came again in a later run count more than once.
    pub fn groups_at_most(&self) -> u64 {
        self.written_groups + self.groups.len() as u64
    }

    /// Adds values to the total of a key, and a part to its parts.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub fn add(&mut self, group: &[u8], member: &[u8], values: &[i64; N], part: Option<Part>) -> Result<()> {
        let key = (self.groups.number(group), self.members.number(member));
        match self.last {
            Some(last) if self.entries[last].key == key => fold(&self.folds, &mut self.entries[last].values, values),
            _ => self.last = Some(self.place(key, values)),
        }
        self.add_part(part)
    }

    /// Adds to the key that was added to last. False, and nothing done, when a run was written since: then the key has to
    /// be named again.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub fn add_again(&mut self, values: &[i64; N], part: Option<Part>) -> Result<bool> {
        let Some(last) = self.last else { return Ok(false) };
        fold(&self.folds, &mut self.entries[last].values, values);
        self.add_part(part)?;
        Ok(true)
    }

    fn add_part(&mut self, part: Option<Part>) -> Result<()> {
        if let (Some(Part { item, values }), Some(last)) = (part, self.last) {
            self.parts.push(Placed { entry: last as u32, item, values });
        }
        if self.bytes() >= self.memory_bytes { self.spill() } else { Ok(()) }
    }

    /// Adds values to the total of a key and tells where it is.
    fn place(&mut self, key: Key, values: &[i64; N]) -> usize {
        let next = self.entries.len();
        match self.table.entry(hash(&key), |place| place.key == key, |place| hash(&place.key)) {
            Slot::Occupied(slot) => {
                fold(&self.folds, &mut self.entries[slot.get().index].values, values);
                slot.get().index
            }
            Slot::Vacant(slot) => {
                slot.insert(Place { key, index: next });
                self.entries.push(Entry { key, values: *values });
                next
            }
        }
    }

    fn bytes(&self) -> usize {
        let entries = self.entries.len() * (size_of::<Entry<N>>() + SLOT_BYTES);
        let parts = self.parts.len() * size_of::<Placed>();
        self.groups.bytes() + self.members.bytes() + entries + parts
    }

    /// Gives every key with its total and its parts, in the order of the keys. May be asked again.
    ///
    /// # Errors
    /// When a run cannot be read, or the receiver fails.
    pub fn for_each(&mut self, give: impl FnMut(&[u8], &[u8], &[i64; N], &[Part]) -> Result<()>) -> Result<()> {
        if self.levels.is_empty() {
            return self.give(give);
        }
        if !self.entries.is_empty() {
            self.spill()?;
        }
        merge(&self.folds, self.levels.iter_mut().flatten(), give)
    }

    /// Gives what is in memory, sorted.
    fn give(&mut self, mut give: impl FnMut(&[u8], &[u8], &[i64; N], &[Part]) -> Result<()>) -> Result<()> {
        let (groups, members) = (self.groups.ranks(), self.members.ranks());
        let ranks = |entry: &Entry<N>| (groups[entry.key.0 as usize], members[entry.key.1 as usize]);
        let mut order: Vec<_> = (0_u32..).zip(&self.entries).map(|(index, entry)| (ranks(entry), index)).collect();
        order.sort_unstable();
        let ends = self.sort_parts();
        let mut own = Vec::new();
        for (_, index) in order {
            let Entry { key: (group, member), values } = &self.entries[index as usize];
            let start = (index as usize).checked_sub(1).map_or(0, |before| ends[before] as usize);
            own.clear();
            own.extend(self.parts[start..ends[index as usize] as usize].iter().map(Placed::part));
            unite(&mut own);
            give(self.groups.get(*group), self.members.get(*member), values, &own)?;
        }
        Ok(())
    }

    /// Brings the parts into the order of their entries, which they mostly are already, and says where those of each entry
    /// end.
    fn sort_parts(&mut self) -> Vec<u32> {
        // In place: they are most of what is in memory.
        self.parts.sort_unstable_by_key(|part| part.entry);
        let mut ends = vec![0; self.entries.len()];
        for (place, part) in (1..).zip(&self.parts) {
            ends[part.entry as usize] = place;
        }
        let mut end = 0;
        for own in &mut ends {
            // An entry without parts ends where the one before ends.
            end = end.max(*own);
            *own = end;
        }
        ends
    }

    fn spill(&mut self) -> Result<()> {
        let mut run = Writer::new()?;
        self.give(|group, member, values, parts| run.write(group, member, values, parts))?;
        let run = run.finish()?;
        self.written_groups += self.groups.len() as u64;
        self.entries.clear();
        self.parts.clear();
        self.last = None;
        self.table.clear();
        self.groups.clear();
        self.members.clear();
        self.keep(run, 0)
    }

    /// Keeps a run, and merges those of its level when there are many.
    fn keep(&mut self, run: File, level: usize) -> Result<()> {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        self.levels[level].push(run);
        if self.levels[level].len() < RUNS_MAX {
            return Ok(());
        }
        let mut run = Writer::new()?;
        let write = |group: &[u8], member: &[u8], values: &_, parts: &[Part]| run.write(group, member, values, parts);
        merge(&self.folds, &mut self.levels[level], write)?;
        self.levels[level].clear();
        self.keep(run.finish()?, level + 1)
    }
}

fn hash<T: Hash + ?Sized>(key: &T) -> u64 {
    FixedState::default().hash_one(key)
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
            let mut runs = Runs::with_memory(FOLDS, memory_bytes);
            for (group, member, value, item) in rows {
                let part = item.map(|item| Part { item, values: [value; 2] });
                runs.add(group.as_bytes(), member.as_bytes(), &[value; 3], part).unwrap();
                let new = || ([0, i64::MAX, i64::MIN], BTreeMap::new());
                let (total, parts) = expected.entry((group.into(), member.into())).or_insert_with(new);
                fold(&FOLDS, total, &[value; 3]);
                item.into_iter().for_each(|item| *parts.entry(item).or_insert(0) += value);
            }
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
            assert!(parts.is_sorted_by(|one, other| one.item < other.item), "each item comes once, in order");
            let parts = parts.iter().map(|part| (part.item, part.values[0])).collect();
            let key = Some((group.to_vec(), member.to_vec()));
            assert!(last < key, "keys come in order");
            last.clone_from(&key);
            all.extend(key.map(|key| (key, (*values, parts))));
            Ok(())
        })
        .unwrap();
        all
    }
}
