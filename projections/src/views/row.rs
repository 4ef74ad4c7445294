//! What the rows of all views have in common.

use domain::CustomerId;

use super::fold::Fact;

/// A row of a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<T> {
    /// The customer it belongs to; a user belongs to none.
    pub customer_id: Option<CustomerId>,
    /// The position of the event that made it; lists are in this order.
    pub position: u64,
    /// Changes with the row: the sequence of the event of its aggregate that changed it last. An upload follows
    /// the events of two aggregates, so its version is the position of the event instead.
    pub version: u64,
    /// What the row says.
    pub body: T,
}

impl<T> Row<T> {
    /// The row that an event makes.
    pub(crate) fn new(customer_id: Option<CustomerId>, fact: &Fact<'_>, body: T) -> Self {
        Self { customer_id, position: fact.recorded.position, version: fact.recorded.sequence, body }
    }

    /// The row after an event that changes it.
    pub(crate) fn changed(mut self, fact: &Fact<'_>, change: impl FnOnce(&mut T)) -> Self {
        change(&mut self.body);
        self.version = fact.recorded.sequence;
        self
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// What stands on it.
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

/// Which rows of a view, in which order.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The customer they belong to.
    pub customer_id: CustomerId,
    /// Only rows of this user, where rows are of users.
    pub user_id: Option<domain::UserId>,
    /// Only rows of this store.
    pub store_id: Option<domain::StoreId>,
    /// Only rows with this status.
    pub status: Option<&'static str>,
    /// No rows with this status.
    pub hidden: Option<&'static str>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// Only rows after this position, in the order of the list.
    pub after: Option<u64>,
    /// At most this many.
    pub limit: Option<u32>,
}

impl Selection {
    /// All rows of a customer, oldest first.
    pub fn of(customer_id: CustomerId) -> Self {
        Self {
            customer_id,
            user_id: None,
            store_id: None,
            status: None,
            hidden: None,
            newest_first: false,
            after: None,
            limit: None,
        }
    }

    /// One page of them, and one row more.
    pub fn page(self, after: Option<u64>, limit: u32) -> Self {
        Self { after, limit: Some(limit.saturating_add(1)), ..self }
    }

    /// Newest first.
    pub fn newest_first(self) -> Self {
        Self { newest_first: true, ..self }
    }
}
