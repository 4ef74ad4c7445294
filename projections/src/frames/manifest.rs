//! What a frame consists of, and which of its chunks hold a page.

use serde::{Deserialize, Serialize};

/// What a published frame consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The number of rows of each chunk; a frame has at least one chunk, so that its schema is known.
    pub chunk_rows: Vec<u64>,
}

impl Manifest {
    /// The number of rows of the frame.
    pub fn rows(&self) -> u64 {
        self.chunk_rows.iter().sum()
    }

    /// The chunks that hold some of the rows from `offset`, each with the first row and the number of
    /// rows to take. Never empty: without such rows it is nothing of the last chunk, for its schema.
    pub(super) fn slices(&self, offset: u64, limit: u64) -> Vec<(u32, usize, usize)> {
        let (mut start, end) = (0, offset.saturating_add(limit));
        let mut slices = Vec::new();
        for (index, rows) in (0..).zip(&self.chunk_rows) {
            let (first, last) = (offset.max(start), end.min(start + rows));
            if first < last {
                slices.push((index, (first - start) as usize, (last - first) as usize));
            }
            start += rows;
        }
        if slices.is_empty() {
            slices.push((self.chunk_rows.len().saturating_sub(1) as u32, 0, 0));
        }
        slices
    }
}
