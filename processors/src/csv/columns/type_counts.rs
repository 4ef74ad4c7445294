//! Counts what the cells of a column are. The counts are exact over the whole file, so what is decided from them does not
//! depend on where the file was split.

use crate::csv::values::kinds::Kinds;

/// How many cells fit which kinds.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeCounts {
    counts: Vec<(Kinds, u64)>,
    /// Equal cells follow each other often; they are counted here first.
    last: Kinds,
    run: u64,
}

impl TypeCounts {
    /// Counts a cell that is not null.
    pub(crate) fn add(&mut self, kinds: Kinds) {
        if kinds != self.last {
            self.flush();
            self.last = kinds;
        }
        self.run += 1;
    }

    fn flush(&mut self) {
        self.add_many(self.last, self.run);
        self.run = 0;
    }

    /// How many cells were counted.
    pub(crate) fn total(&self) -> u64 {
        self.run + self.counts.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// Adds the counts of other cells of the same column.
    pub(crate) fn merge(&mut self, other: &Self) {
        let Self { counts, last, run } = other;
        for (kinds, count) in counts.iter().chain([&(*last, *run)]) {
            self.add_many(*kinds, *count);
        }
    }

    fn add_many(&mut self, kinds: Kinds, count: u64) {
        match self.counts.iter_mut().find(|(other, _)| *other == kinds) {
            Some((_, total)) => *total += count,
            None if count > 0 => self.counts.push((kinds, count)),
            None => {}
        }
    }

    /// How many of the cells fit a kind.
    pub(crate) fn fitting(&self, kind: Kinds) -> u64 {
        let run = if self.last.fits(kind) { self.run } else { 0 };
        run + self.counts.iter().filter(|(kinds, _)| kinds.fits(kind)).map(|(_, count)| count).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::values::recognise::kinds;

    #[test]
    fn counts_add_up() {
        let mut all = TypeCounts::default();
        for cells in ["1 2", "3.5", "x"] {
            let mut counts = TypeCounts::default();
            cells.split(' ').for_each(|cell| counts.add(kinds(cell.as_bytes())));
            all.merge(&counts);
        }
        assert_eq!((all.total(), all.fitting(Kinds::DOT)), (4, 3));
    }
}
