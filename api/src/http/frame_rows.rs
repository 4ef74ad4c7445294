//! Some rows of a frame, as handlers answer with them: a page of objects here, a file in `download`.

use std::ops::Range;

use projections::{FrameId, Frames};

use crate::http::frame_json::{FrameJson, objects};
use crate::http::problem::Problem;
use crate::http::response::{Paging, cursor, limit};

/// Some ranges of a frame's rows, in ascending order.
pub(crate) struct FrameRows {
    pub(crate) frame: FrameId,
    pub(crate) ranges: Vec<Range<u64>>,
}

impl FrameRows {
    /// All of so many rows.
    pub(crate) fn all(frame: FrameId, count: u64) -> Self {
        Self::range(frame, 0..count)
    }

    /// One range of rows.
    pub(crate) fn range(frame: FrameId, range: Range<u64>) -> Self {
        Self { frame, ranges: vec![range] }
    }

    /// One page of them, with all columns or only some. A cursor is the row to go on from.
    ///
    /// # Errors
    /// 422 for a wrong cursor or limit, 500 when the frame cannot be read.
    pub(crate) async fn page(
        &self,
        frames: &Frames,
        columns: Option<&[usize]>,
        paging: &Paging,
    ) -> Result<FrameJson, Problem> {
        let after = cursor(paging.cursor.as_deref())?.unwrap_or(0);
        let (slices, next) = slices(&self.ranges, after, limit(paging.limit)?.into());
        let mut batches = vec![];
        for Range { start, end } in slices {
            batches.extend(frames.page(&self.frame, start, (end - start) as usize, columns).await?);
        }
        Ok(objects(&batches, next)?)
    }
}

/// The first `limit` rows of some ranges from a row on, and the row to go on from when there are more.
fn slices(ranges: &[Range<u64>], after: u64, limit: u64) -> (Vec<Range<u64>>, Option<u64>) {
    let (mut slices, mut left) = (vec![], limit);
    for range in ranges {
        let start = range.start.max(after);
        if start >= range.end {
            continue;
        }
        let end = range.end.min(start + left);
        if start < end {
            slices.push(start..end);
        }
        if end < range.end {
            return (slices, Some(end));
        }
        left -= end - start;
    }
    (slices, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_over_the_gap_between_two_ranges_and_the_next_one_goes_on_behind_it() {
        let ranges = [(2, 5), (8, 10)];
        assert_eq!(sliced(&ranges, 0, 4), (vec![(2, 5), (8, 9)], Some(9)));
        assert_eq!(sliced(&ranges, 9, 4), (vec![(9, 10)], None));
    }

    #[test]
    fn a_page_that_ends_with_a_range_goes_on_at_the_next_one() {
        assert_eq!(sliced(&[(2, 5), (6, 6), (8, 10)], 0, 3), (vec![(2, 5)], Some(8)));
        assert_eq!(sliced(&[(2, 5)], 0, 3), (vec![(2, 5)], None));
    }

    #[test]
    fn there_is_nothing_behind_the_last_row() {
        assert_eq!(sliced(&[(2, 5)], 5, 3), (vec![], None));
        assert_eq!(sliced(&[], 0, 3), (vec![], None));
    }

    fn sliced(ranges: &[(u64, u64)], after: u64, limit: u64) -> (Vec<(u64, u64)>, Option<u64>) {
        let ranges: Vec<_> = ranges.iter().map(|(start, end)| *start..*end).collect();
        let (slices, next) = slices(&ranges, after, limit);
        (slices.into_iter().map(|range| (range.start, range.end)).collect(), next)
    }
}
