//! What was bought: the different products and categories that a file names.

use crate::csv::columns::string_pool::StringPool;

/// The different items of a file by number: a product, a category, or a product in a category.
#[derive(Default)]
pub(crate) struct Items {
    names: StringPool,
    /// Whether there were more than can be told apart in memory; then none of them counts.
    pub(crate) are_too_many: bool,
}

/// The names of an item's product and category; one of them may be empty.
pub(crate) type ItemName<'a> = (&'a [u8], &'a [u8]);

impl Items {
    /// Items of a file that are told apart. More make no list of best ones that anybody could read.
    const MAX: usize = 500_000;

    /// The number of an item, unless there are too many; its name is product, NUL, category.
    pub(crate) fn number(&mut self, name: &[u8]) -> Option<u32> {
        if self.are_too_many {
            return None;
        }
        let number = self.names.intern(name);
        self.are_too_many = self.names.len() > Self::MAX;
        Some(number)
    }

    /// The index of each item by number when they are sorted, and the sorted names of products and categories.
    pub(crate) fn sorted(&self) -> (Vec<u32>, Vec<ItemName<'_>>) {
        if self.are_too_many {
            return (vec![], vec![]);
        }
        let ranks = self.names.ranks();
        let mut names: Vec<ItemName<'_>> = vec![(&[], &[]); ranks.len()];
        for (number, rank) in (0..).zip(&ranks) {
            let name = self.names.get(number);
            let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
            names[*rank as usize] = (&name[..end], name.get(end + 1..).unwrap_or_default());
        }
        (ranks, names)
    }
}
