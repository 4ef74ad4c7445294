//! A part of a list, and where to go on.

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items that stand on it.
    pub items: Vec<T>,
    /// The position to go on after, when there is more.
    pub next: Option<u64>,
}

impl<T> Page<T> {
    /// The first `limit` of some items; one more of them tells that there is another page.
    pub(crate) fn of(mut items: Vec<T>, limit: u32, position: impl Fn(&T) -> u64) -> Self {
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(position);
        Self { items, next }
    }
}
