//! The events that consumers could not handle: set aside, so that the others go on. People and tables call them parked.

use anyhow::Result;

use crate::sql::database::{Database, on_engine};
use crate::sql::rows::DeadLetter;

/// The dead letters of all consumers.
#[derive(Clone)]
pub struct DeadLetters {
    database: Database,
}

impl DeadLetters {
    pub(crate) fn on(database: Database) -> Self {
        Self { database }
    }

    /// Sets an event aside. Doing it again replaces the error.
    ///
    /// # Errors
    /// When the database fails; so for every method here.
    pub async fn add(&self, consumer: &str, position: u64, error: &str) -> Result<()> {
        on_engine!(&self.database, engine => engine.add_dead_letter(consumer, position, error).await)
    }

    /// Everything that is set aside, by consumer and position.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Vec<DeadLetter>> {
        on_engine!(&self.database, engine => engine.dead_letters().await)
    }

    /// Takes an event back that was handled after all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&self, consumer: &str, position: u64) -> Result<()> {
        on_engine!(&self.database, engine => engine.remove_dead_letter(consumer, position).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tests::databases;

    #[tokio::test]
    async fn a_dead_letter_stays_until_it_is_taken_back() {
        for (_kept, database) in databases().await {
            let dead_letters = DeadLetters::on(database);
            dead_letters.add("segment", 9, "no memory").await.unwrap();
            dead_letters.add("ingest", 4, "disk full").await.unwrap();
            dead_letters.add("ingest", 4, "disk broken").await.unwrap();
            let all = dead_letters.all().await.unwrap();
            let seen: Vec<_> = all.iter().map(|l| (l.consumer.as_str(), l.position, l.error.as_str())).collect();
            assert_eq!(seen, [("ingest", 4, "disk broken"), ("segment", 9, "no memory")]);
            dead_letters.remove("ingest", 4).await.unwrap();
            assert_eq!(dead_letters.all().await.unwrap().len(), 1);
        }
    }
}
