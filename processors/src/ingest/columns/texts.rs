//! Texts that come again and again, each kept once.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

/// What the table takes for a text, in bytes.
const SLOT_BYTES: usize = 24;

/// Different texts with their numbers: comparing and hashing numbers is cheaper.
#[derive(Default)]
pub struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    table: HashTable<(u64, u32)>,
    /// The text that was asked for last; equal ones follow each other often.
    last: u32,
}

impl Texts {
    /// The number of a text, which is kept if it is new.
    pub fn number(&mut self, text: &[u8]) -> u32 {
        if !self.ends.is_empty() && self.get(self.last) == text {
            return self.last;
        }
        let (hash, next) = (FixedState::default().hash_one(text), self.ends.len() as u32);
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

    /// How many different texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text with a number.
    pub fn get(&self, number: u32) -> &[u8] {
        get(&self.bytes, &self.ends, number)
    }

    /// What they take in memory, about.
    pub fn bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * (size_of::<usize>() + SLOT_BYTES)
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.table.clear();
        self.last = 0;
    }

    /// The place of each text when they are sorted.
    pub fn ranks(&self) -> Vec<u32> {
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
