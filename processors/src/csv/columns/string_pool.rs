//! Texts that come again and again, each kept once.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

/// Different texts with their numbers: comparing and hashing numbers is cheaper.
#[derive(Default)]
pub(crate) struct StringPool {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    table: HashTable<(u64, u32)>,
    /// The text that was asked for last; equal ones follow each other often.
    last: u32,
}

impl StringPool {
    /// The number of a text, which is kept if it is new.
    pub(crate) fn intern(&mut self, text: &[u8]) -> u32 {
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
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text with a number.
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        get(&self.bytes, &self.ends, number)
    }

    /// Forgets them all.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.table.clear();
        self.last = 0;
    }

    /// The index of each text when they are sorted.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        // The first bytes mostly decide, and here they lie side by side.
        let mut order: Vec<(u64, u32)> =
            (0..self.ends.len() as u32).map(|number| (beginning(self.get(number)), number)).collect();
        order.sort_unstable_by(|(key_a, a), (key_b, b)| key_a.cmp(key_b).then_with(|| self.get(*a).cmp(self.get(*b))));
        let mut ranks = vec![0; order.len()];
        for (rank, (_, number)) in (0..).zip(order) {
            ranks[number as usize] = rank;
        }
        ranks
    }
}

/// The first bytes of a text as a number that sorts as they do.
fn beginning(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let known = text.len().min(bytes.len());
    bytes[..known].copy_from_slice(&text[..known]);
    u64::from_be_bytes(bytes)
}

fn get<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranks_are_places_among_the_sorted(texts in prop::collection::btree_set("[a\\x00]{0,10}", 0..40), seed: u64) {
            let sorted: Vec<String> = texts.into_iter().collect();
            let mut mixed: Vec<(u64, usize)> = (0..sorted.len()).map(|index| (index as u64 ^ seed, index)).collect();
            mixed.sort_by_key(|(key, _)| FixedState::default().hash_one(key));
            let mut pool = StringPool::default();
            mixed.iter().for_each(|(_, index)| { pool.intern(sorted[*index].as_bytes()); });
            let expected: Vec<u32> = mixed.iter().map(|(_, index)| *index as u32).collect();
            prop_assert_eq!(pool.ranks(), expected);
        }
    }
}
