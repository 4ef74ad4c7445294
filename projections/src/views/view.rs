//! What a view is: rows that follow from the log, and how an event changes one of them.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use domain::{CustomerId, Event, Recorded, StoreId};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An event of the log, decoded.
pub(crate) struct Fact<'a> {
    /// Its place and its aggregate.
    pub(crate) recorded: &'a Recorded,
    pub(crate) event: Event,
}

impl<'a> Fact<'a> {
    /// Decodes an event.
    ///
    /// # Errors
    /// When this version of the program does not know it.
    pub(crate) fn of(recorded: &'a Recorded) -> Result<Self> {
        let event = recorded
            .event()
            .with_context(|| format!("decoding the event {} at position {}", recorded.event_type, recorded.position))?;
        Ok(Self { recorded, event })
    }

    /// When it happened.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.recorded.recorded_at
    }
}

/// A view: its table, and how an event changes a row of it. Without IO, so that the same log gives the same rows.
pub(crate) trait View: Serialize + DeserializeOwned + Send + Sync + 'static {
    const TABLE: &'static str;

    /// The ids of the rows that an event concerns: none, if it does not concern the view. They must stand in the event.
    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String>;

    /// One of these rows after the event, if there is one then.
    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>>;

    /// The store to find the row by.
    fn store_id(&self) -> Option<StoreId> {
        None
    }

    /// The status to find the row by.
    fn status(&self) -> Option<&'static str> {
        None
    }
}

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
