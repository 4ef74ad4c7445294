//! The log: all events in one order, read by position. Everything downstream reads here.

use std::time::Duration;

use anyhow::Result;
use domain::{CustomerId, Recorded};
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use super::EventStore;
use super::leaf_hash::{Leaf, StoredEvent};
use crate::sql::database::on_engine;
use crate::sql::rows::{EventFilter, LogRow};

/// How long a waiting reader trusts the signal of the sequencer before it looks by itself.
const POLL: Duration = Duration::from_millis(100);
/// How long a reader that follows the log waits without being woken before it looks by itself.
const READER_POLL: Duration = Duration::from_secs(1);
/// Rows of the log that are verified at once.
const PAGE: u32 = 1_000;

/// What a look at the whole log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Positions that were looked at.
    pub events: u64,
    /// What is not as it was recorded, each in one line; empty when all is well.
    pub problems: Vec<String>,
}

impl EventStore {
    /// The events after a position, by position, at most `limit`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn read(&self, after: u64, limit: u32) -> Result<Vec<Recorded>> {
        let events = on_engine!(&self.database, engine => engine.read(after, limit).await?);
        recorded(events)
    }

    /// The same; waits until there are some.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn wait_for_events(&self, after: u64, limit: u32) -> Result<Vec<Recorded>> {
        let mut heads = self.heads();
        loop {
            let events = self.read(after, limit).await?;
            if !events.is_empty() {
                return Ok(events);
            }
            // A missed wake-up costs one pause, never an event.
            let _ = timeout(READER_POLL, heads.wait_for(|head| *head > after)).await;
        }
    }

    /// The events of a customer after a position, by position, at most `limit`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn read_customer(
        &self,
        customer: CustomerId,
        after: u64,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<Recorded>> {
        // No event is called so, and PostgreSQL refuses to be asked.
        if filter.event_type.as_ref().is_some_and(|name| name.contains('\0')) {
            return Ok(vec![]);
        }
        let events = on_engine!(&self.database, engine => engine.read_customer(customer, after, filter, limit).await?);
        recorded(events)
    }

    /// The newest position; 0 when the log is empty.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn head(&self) -> Result<u64> {
        on_engine!(&self.database, engine => engine.head().await)
    }

    /// The position that the newest committed event has, or will have.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn committed(&self) -> Result<u64> {
        on_engine!(&self.database, engine => engine.committed().await)
    }

    /// Tells the newest position to this process; a signal to read, not the truth.
    pub fn heads(&self) -> watch::Receiver<u64> {
        self.wakeups.heads.subscribe()
    }

    /// The position of an event, once it has one.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn position_of(&self, aggregate_type: &str, id: Uuid, sequence: u64) -> Result<Option<u64>> {
        on_engine!(&self.database, engine => engine.position_of(aggregate_type, id, sequence).await)
    }

    /// Waits until an event has a position; `None` when it takes longer than `timeout`. Sequence 0, before
    /// the first event, is at position 0.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn wait_for(
        &self,
        aggregate_type: &str,
        id: Uuid,
        sequence: u64,
        timeout: Duration,
    ) -> Result<Option<u64>> {
        if sequence == 0 {
            return Ok(Some(0));
        }
        let waiting = tokio::time::timeout(timeout, self.wait(aggregate_type, id, sequence));
        waiting.await.ok().transpose()
    }

    async fn wait(&self, aggregate_type: &str, id: Uuid, sequence: u64) -> Result<u64> {
        let mut heads = self.heads();
        loop {
            // Marked as seen before looking, so that a position given meanwhile wakes the wait below.
            heads.mark_unchanged();
            if let Some(position) = self.position_of(aggregate_type, id, sequence).await? {
                return Ok(position);
            }
            let _ = tokio::time::timeout(POLL, heads.changed()).await;
        }
    }

    /// Looks at the whole log: positions without gaps, every event once, every leaf hash as recorded.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn verify(&self) -> Result<Verification> {
        let mut found = Verification::default();
        let mut last = 0;
        loop {
            let rows = on_engine!(&self.database, engine => engine.log_rows(last, PAGE).await?);
            if rows.is_empty() {
                break;
            }
            for row in rows {
                found.look_at(last, &row);
                last = row.position;
            }
        }
        for event in on_engine!(&self.database, engine => engine.stepped_over().await?) {
            found.problems.push(format!("the event {event} has no position"));
        }
        Ok(found)
    }
}

impl Verification {
    fn look_at(&mut self, last: u64, LogRow { position, leaf, event }: &LogRow) {
        self.events += 1;
        if *position != last + 1 {
            self.problems.push(format!("after position {last} comes {position}"));
        }
        if let Some(problem) = difference(leaf, event.as_ref()) {
            self.problems.push(format!("position {position}: {problem}"));
        }
    }
}

fn difference(recorded: &Leaf, event: Option<&StoredEvent>) -> Option<&'static str> {
    match event.map(StoredEvent::leaf) {
        None => Some("the event is missing or cannot be read"),
        Some(Err(_)) => Some("the event cannot be read"),
        Some(Ok(leaf)) if leaf.hash != recorded.hash => Some("the event is not the one that was recorded"),
        Some(Ok(leaf)) if leaf.customer_id != recorded.customer_id => Some("the customer is not the one of the event"),
        Some(Ok(_)) => None,
    }
}

fn recorded(events: Vec<(u64, StoredEvent)>) -> Result<Vec<Recorded>> {
    events.into_iter().map(|(position, event)| event.at(position)).collect()
}
