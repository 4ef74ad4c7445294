//! How far each reacting consumer has come.

use anyhow::Result;

use crate::sql::database::{Database, on_engine};

/// The durable positions of consumers.
#[derive(Clone)]
pub struct Checkpoints {
    database: Database,
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tests::databases;

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
}
