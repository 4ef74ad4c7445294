//! Totals by key in bounded memory: a hash map that is written to a temporary file as a sorted run when it gets
//! large, and the runs merged at the end. Every fold is associative and commutative, so the result does not
//! depend on the order of what is added or on where a run was cut.

use std::fs::File;
use std::hash::{BuildHasher, Hash};

use anyhow::Result;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

use super::run_file::{Writer, merge};

/// The size at which the map is written to a file.
const MEMORY_BYTES: usize = 24 << 20;
/// What the tables take for an entry, in bytes.
const SLOT_BYTES: usize = 24;
/// Runs that are merged into one, so that few files are open.
const RUNS_MAX: usize = 32;

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

/// Totals of `N` values by a key of two parts, such as shopper and order. Neither part holds a NUL.
pub struct Runs<const N: usize> {
    folds: [Fold; N],
    memory_bytes: usize,
    groups: Texts,
    members: Texts,
    entries: Vec<Entry<N>>,
    /// Where the entry of a key is.
    table: HashTable<Place>,
    files: Vec<File>,
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
            table: HashTable::new(),
            files: Vec::new(),
        }
    }

    /// Adds values to the total of a key. Not to be called after `for_each`.
    ///
    /// # Errors
    /// When a run cannot be written.
    pub fn add(&mut self, group: &[u8], member: &[u8], values: &[i64; N]) -> Result<()> {
        let key = (self.groups.number(group), self.members.number(member));
        let place = |key| Place { key, index: self.entries.len() };
        match self.table.entry(hash(&key), |place| place.key == key, |place| hash(&place.key)) {
            Slot::Occupied(slot) => fold(&self.folds, &mut self.entries[slot.get().index].values, values),
            Slot::Vacant(slot) => {
                slot.insert(place(key));
                self.entries.push(Entry { key, values: *values });
            }
        }
        if self.bytes() >= self.memory_bytes { self.spill() } else { Ok(()) }
    }

    fn bytes(&self) -> usize {
        self.groups.bytes() + self.members.bytes() + self.entries.len() * (size_of::<Entry<N>>() + SLOT_BYTES)
    }

    /// Gives every key with its total, in the order of the keys. May be asked again.
    ///
    /// # Errors
    /// When a run cannot be read, or the receiver fails.
    pub fn for_each(&mut self, mut give: impl FnMut(&[u8], &[u8], &[i64; N]) -> Result<()>) -> Result<()> {
        if !self.files.is_empty() {
            if !self.entries.is_empty() {
                self.spill()?;
            }
            return merge(&self.folds, &mut self.files, give);
        }
        self.sort();
        for Entry { key: (group, member), values } in &self.entries {
            give(self.groups.get(*group), self.members.get(*member), values)?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        let (groups, members) = (self.groups.ranks(), self.members.ranks());
        self.entries.sort_unstable_by_key(|entry| (groups[entry.key.0 as usize], members[entry.key.1 as usize]));
    }

    fn spill(&mut self) -> Result<()> {
        self.sort();
        let mut run = Writer::new()?;
        for Entry { key: (group, member), values } in &self.entries {
            run.write(self.groups.get(*group), self.members.get(*member), values)?;
        }
        self.files.push(run.finish()?);
        self.entries.clear();
        self.table.clear();
        self.groups.clear();
        self.members.clear();
        if self.files.len() < RUNS_MAX { Ok(()) } else { self.unite() }
    }

    fn unite(&mut self) -> Result<()> {
        let mut run = Writer::new()?;
        merge(&self.folds, &mut self.files, |group, member, values| run.write(group, member, values))?;
        self.files = vec![run.finish()?];
        Ok(())
    }
}

/// Different texts with their numbers: comparing and hashing numbers is cheaper.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    table: HashTable<(u64, u32)>,
    /// The text that was asked for last; equal ones follow each other often.
    last: u32,
}

impl Texts {
    /// The number of a text, which is kept if it is new.
    fn number(&mut self, text: &[u8]) -> u32 {
        if !self.ends.is_empty() && self.get(self.last) == text {
            return self.last;
        }
        let (hash, next) = (hash(text), self.ends.len() as u32);
        let is_same = |(other, number): &(u64, u32)| *other == hash && get(&self.bytes, &self.ends, *number) == text;
        self.last = match self.table.entry(hash, is_same, |(hash, _)| *hash) {
            Slot::Occupied(slot) => slot.get().1,
            Slot::Vacant(slot) => slot.insert((hash, next)).get().1,
        };
        if self.last == next {
            self.bytes.extend_from_slice(text);
            self.ends.push(self.bytes.len());
        }
        self.last
    }

    fn get(&self, number: u32) -> &[u8] {
        get(&self.bytes, &self.ends, number)
    }

    fn bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * (size_of::<usize>() + SLOT_BYTES)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.table.clear();
        self.last = 0;
    }

    /// The place of each text when they are sorted.
    fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.ends.len() as u32).collect();
        order.sort_unstable_by(|a, b| self.get(*a).cmp(self.get(*b)));
        let mut ranks = vec![0; order.len()];
        for (rank, number) in (0..).zip(order) {
            ranks[number as usize] = rank;
        }
        ranks
    }
}

fn get<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
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
    type Totals = BTreeMap<(Vec<u8>, Vec<u8>), [i64; 3]>;

    proptest! {
        #[test]
        fn runs_of_any_length_give_the_totals_of_the_whole(
            rows in prop::collection::vec(("[a-c]{0,2}", "[a-c]{0,2}", 0..100_i64), 0..400),
            memory_bytes in 1..20_000_usize,
        ) {
            let mut expected = Totals::new();
            let mut runs = Runs::with_memory(FOLDS, memory_bytes);
            for (group, member, value) in rows {
                runs.add(group.as_bytes(), member.as_bytes(), &[value; 3]).unwrap();
                let total = expected.entry((group.into(), member.into())).or_insert([0, i64::MAX, i64::MIN]);
                fold(&FOLDS, total, &[value; 3]);
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
            runs.add(b"a", b"b", &[value]).unwrap();
        }
        assert_eq!(totals(&mut runs), [((b"a".to_vec(), b"b".to_vec()), [i64::MAX])]);
    }

    type Total<const N: usize> = ((Vec<u8>, Vec<u8>), [i64; N]);

    fn totals<const N: usize>(runs: &mut Runs<N>) -> Vec<Total<N>> {
        let mut all = Vec::new();
        runs.for_each(|group, member, values| {
            all.push(((group.to_vec(), member.to_vec()), *values));
            Ok(())
        })
        .unwrap();
        all
    }
}
