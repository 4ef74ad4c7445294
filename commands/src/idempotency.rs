//! Idempotency keys: which request a key of a user belongs to.

use std::sync::Arc;

use anyhow::Result;

use crate::keys::service_keys::ServiceKeys;
use crate::sql::database::{Database, on_engine};

/// The keys that were used.
#[derive(Clone)]
pub struct Idempotency {
    database: Database,
    service_keys: Arc<ServiceKeys>,
}

/// What a key is to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyClaim {
    /// The key belongs to this request from now on.
    New,
    /// The key belongs to this very request, which is repeated.
    Same,
    /// The key belongs to another request.
    Other,
}

impl Idempotency {
    pub(crate) fn on(database: Database, service_keys: Arc<ServiceKeys>) -> Self {
        Self { database, service_keys }
    }

    /// Ties a key of an owner (a user's id, or `-` for someone without) to a request, given as the bytes that make
    /// it what it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(&self, owner: &str, key: &str, request: &[u8]) -> Result<KeyClaim> {
        let fingerprint = self.service_keys.fingerprint(request);
        let stored = on_engine!(&self.database, engine => engine.claim_key(owner, key, &fingerprint).await?);
        Ok(match stored {
            None => KeyClaim::New,
            Some(stored) if stored == fingerprint => KeyClaim::Same,
            Some(_) => KeyClaim::Other,
        })
    }

    /// Unties a key whose request was refused, so that a corrected one may use it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&self, owner: &str, key: &str) -> Result<()> {
        on_engine!(&self.database, engine => engine.release_key(owner, key).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tests::databases;

    #[tokio::test]
    async fn a_key_belongs_to_one_request_until_it_is_released() {
        for (_kept, database) in databases().await {
            let keys = Idempotency::on(database, Arc::new(ServiceKeys::new(&"s".repeat(32)).unwrap()));
            assert_eq!(keys.claim("ana", "k", b"one").await.unwrap(), KeyClaim::New);
            assert_eq!(keys.claim("ana", "k", b"one").await.unwrap(), KeyClaim::Same);
            assert_eq!(keys.claim("ana", "k", b"two").await.unwrap(), KeyClaim::Other);
            assert_eq!(keys.claim("bea", "k", b"two").await.unwrap(), KeyClaim::New);
            keys.release("ana", "k").await.unwrap();
            assert_eq!(keys.claim("ana", "k", b"two").await.unwrap(), KeyClaim::New);
        }
    }
}
