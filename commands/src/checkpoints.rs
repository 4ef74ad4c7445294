//! How far each reacting consumer has come, and the events it could not handle.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::database::{Database, on_engine};

/// The durable positions of consumers.
#[derive(Clone)]
pub struct Checkpoints {
    database: Database,
}

/// An event that a consumer could not handle, set aside so that the others go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    pub consumer: String,
    /// The position of the event.
    pub position: u64,
    /// Why it could not be handled.
    pub error: String,
    /// When it was set aside for the first time.
    pub parked_at: DateTime<Utc>,
}

impl Checkpoints {
    pub(crate) fn on(database: Database) -> Self {
        Self { database }
    }

    /// The position that a consumer has finished; 0 at first.
    ///
    /// # Errors
    /// When the database fails; so for every method here.
    pub async fn get(&self, consumer: &str) -> Result<u64> {
        on_engine!(&self.database, engine => engine.checkpoint(consumer).await)
    }

    /// Notes that a consumer has finished a position. It never goes back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set(&self, consumer: &str, position: u64) -> Result<()> {
        on_engine!(&self.database, engine => engine.set_checkpoint(consumer, position).await)
    }

    /// Sends a consumer back to the beginning.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restart(&self, consumer: &str) -> Result<()> {
        on_engine!(&self.database, engine => engine.restart_checkpoint(consumer).await)
    }

    /// Sets an event aside. Parking it again replaces the error.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn park(&self, consumer: &str, position: u64, error: &str) -> Result<()> {
        on_engine!(&self.database, engine => engine.park(consumer, position, error).await)
    }

    /// Everything that is set aside, by consumer and position.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn parked(&self) -> Result<Vec<Parked>> {
        on_engine!(&self.database, engine => engine.parked().await)
    }

    /// Takes an event back that was handled after all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unpark(&self, consumer: &str, position: u64) -> Result<()> {
        on_engine!(&self.database, engine => engine.unpark(consumer, position).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::tests::databases;

    #[tokio::test]
    async fn a_checkpoint_only_moves_forward() {
        for (_kept, database) in databases().await {
            let checkpoints = Checkpoints::on(database);
            assert_eq!(checkpoints.get("ingest").await.unwrap(), 0);
            checkpoints.set("ingest", 7).await.unwrap();
            checkpoints.set("ingest", 3).await.unwrap();
            checkpoints.set("segment", 1).await.unwrap();
            assert_eq!(checkpoints.get("ingest").await.unwrap(), 7);
            checkpoints.restart("ingest").await.unwrap();
            assert_eq!(checkpoints.get("ingest").await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn a_parked_event_stays_until_it_is_taken_back() {
        for (_kept, database) in databases().await {
            let checkpoints = Checkpoints::on(database);
            checkpoints.park("segment", 9, "no memory").await.unwrap();
            checkpoints.park("ingest", 4, "disk full").await.unwrap();
            checkpoints.park("ingest", 4, "disk broken").await.unwrap();
            let parked = checkpoints.parked().await.unwrap();
            let seen: Vec<_> = parked.iter().map(|p| (p.consumer.as_str(), p.position, p.error.as_str())).collect();
            assert_eq!(seen, [("ingest", 4, "disk broken"), ("segment", 9, "no memory")]);
            checkpoints.unpark("ingest", 4).await.unwrap();
            assert_eq!(checkpoints.parked().await.unwrap().len(), 1);
        }
    }
}
