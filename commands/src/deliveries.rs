//! The to-do list of the consumers behind a message bus. A message only says that there is work; that it is still to be
//! done stands here until it is done or parked, so that the bus may lose, repeat and reorder messages.

use std::time::Duration;

use anyhow::Result;

use crate::database::Database;
use crate::postgres::{Lease, Work};

/// The deliveries of a server database.
#[derive(Clone)]
pub struct Deliveries {
    work: Work,
}

/// An event that a consumer has to handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub consumer: String,
    /// The position of the event.
    pub position: u64,
    /// Whether a message about it should be with the bus.
    pub sent: bool,
}

/// An attempt at a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// How often it was begun, this time included.
    pub attempt: u32,
    /// How it went the last time, when that is known: a process that died says nothing.
    pub last_error: Option<String>,
}

/// Every method fails when the database does.
impl Deliveries {
    /// The deliveries in a database; SQLite has none, because consumers there read the log themselves.
    pub(crate) fn on(database: &Database) -> Option<Self> {
        match database {
            Database::Postgres(postgres) => Some(Self { work: postgres.work() }),
            Database::Sqlite(_) => None,
        }
    }

    /// Waits until no other process publishes the log, and keeps the others from it.
    ///
    /// # Errors
    /// When the database fails; so for every method here.
    pub async fn lead(&self) -> Result<Lease> {
        self.work.lead().await
    }

    /// Adds events that consumers have to handle. What stands here already is left alone.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn add(&self, deliveries: &[Delivery]) -> Result<()> {
        if deliveries.is_empty() { Ok(()) } else { self.work.add(deliveries).await }
    }

    /// Begins to work on an event, for `lease` if nothing is heard; `None` when there is nothing left to do.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn claim(&self, consumer: &str, position: u64, lease: Duration) -> Result<Option<Begun>> {
        self.work.claim(consumer, position, lease).await
    }

    /// Says that the work goes on.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn keep(&self, consumer: &str, position: u64, lease: Duration) -> Result<()> {
        self.work.keep(consumer, position, lease).await
    }

    /// Strikes out what is done.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn finish(&self, consumer: &str, position: u64) -> Result<()> {
        self.work.finish(consumer, position).await
    }

    /// Has a message sent again after a pause, because handling the event failed.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn retry(&self, consumer: &str, position: u64, pause: Duration, error: &str) -> Result<()> {
        self.work.retry(consumer, position, pause, error).await
    }

    /// Has a message sent again, because something else than the event was to blame: this attempt does not count.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn give_back(&self, consumer: &str, position: u64, reason: &str) -> Result<()> {
        self.work.give_back(consumer, position, reason).await
    }

    /// Sets an event aside that still stands here.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn park(&self, consumer: &str, position: u64, error: &str) -> Result<()> {
        self.work.park(consumer, position, error).await
    }

    /// Gives a parked event back to its consumer; says whether there was one.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn replay(&self, consumer: &str, position: u64) -> Result<bool> {
        self.work.replay(consumer, position).await
    }

    /// What needs a message now, oldest first: it was never sent, failed and has paused, or nothing was heard of it.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn due(&self, limit: u32) -> Result<Vec<Delivery>> {
        self.work.due(limit).await
    }

    /// Notes that messages were sent, or should still be with the bus, and are to be missed after `lease`.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn sent(&self, consumer: &str, positions: &[u64], lease: Duration) -> Result<()> {
        self.work.sent(consumer, positions, lease).await
    }

    /// Has messages sent for everything that a consumer has to do, because its queue was lost.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn send_again(&self, consumer: &str) -> Result<()> {
        self.work.send_again(consumer).await
    }

    /// How many deliveries are still to be done.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn open(&self) -> Result<u64> {
        self.work.open().await
    }

    /// Moves checkpoints forward, all to one position.
    ///
    /// # Errors
    /// See [`Self::lead`].
    pub async fn advance(&self, checkpoints: &[&str], position: u64) -> Result<()> {
        self.work.advance(checkpoints, position).await
    }
}
