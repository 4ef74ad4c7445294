//! The secrets of API keys, as keyed hashes, and when each was used last. What a key may do stands in the customer's events.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};
use domain::{ApiKeyId, CustomerId};

use crate::keys::random::random_token;
use crate::keys::service_keys::ServiceKeys;
use crate::sql::database::{Database, on_engine};
use crate::sql::rows::StoredApiKey;

/// Begins every key, so that people and scanners of leaked secrets know one when they see it.
pub const API_KEY_PREFIX: &str = "dck_";
/// The time of the last use is this exact, so that a busy program does not write with every request.
const USE_IS_EXACT_TO: Duration = Duration::minutes(1);

/// The keys of all customers.
#[derive(Clone)]
pub struct ApiKeys {
    database: Database,
    service_keys: Arc<ServiceKeys>,
}

impl ApiKeys {
    pub(crate) fn on(database: Database, service_keys: Arc<ServiceKeys>) -> Self {
        Self { database, service_keys }
    }

    /// Draws the secret of a key, in place of one that it may have had, and gives it. It cannot be read again.
    ///
    /// # Errors
    /// When the database fails; so for every method here.
    pub async fn issue(&self, key: ApiKeyId, customer: CustomerId) -> Result<String> {
        let token = format!("{API_KEY_PREFIX}{}", random_token());
        let hash = self.service_keys.api_key_hash(&token);
        on_engine!(&self.database, engine => engine.store_api_key(key, customer, &hash).await?);
        Ok(token)
    }

    /// Which key of which customer a secret is, and notes its use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, token: &str, now: DateTime<Utc>) -> Result<Option<(ApiKeyId, CustomerId)>> {
        let (hash, now) = (self.service_keys.api_key_hash(token), now.timestamp_millis());
        let stored = on_engine!(&self.database, engine => engine.api_key(&hash).await?);
        let Some(StoredApiKey { id, customer, last_used_at }) = stored else { return Ok(None) };
        if last_used_at.is_none_or(|last| now - last >= USE_IS_EXACT_TO.num_milliseconds()) {
            on_engine!(&self.database, engine => engine.note_use_of_api_key(id, now).await?);
        }
        Ok(Some((id, customer)))
    }

    /// When each key of a customer was used last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_uses(&self, customer: CustomerId) -> Result<HashMap<ApiKeyId, DateTime<Utc>>> {
        let uses = on_engine!(&self.database, engine => engine.uses_of_api_keys(customer).await?);
        Ok(uses.into_iter().filter_map(|(id, at)| Some((id, DateTime::from_timestamp_millis(at)?))).collect())
    }

    /// Forgets the secret of a key; one that is gone stays gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, key: ApiKeyId) -> Result<()> {
        on_engine!(&self.database, engine => engine.delete_api_key(key).await)
    }

    /// Forgets the secrets of all keys of a customer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_all(&self, customer: CustomerId) -> Result<()> {
        on_engine!(&self.database, engine => engine.delete_api_keys(customer).await)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::sql::tests::{Kept, databases};

    const NIGHTLY: ApiKeyId = ApiKeyId(Uuid::from_u128(1));
    const ACME: CustomerId = CustomerId(Uuid::from_u128(2));

    #[tokio::test]
    async fn a_key_is_known_by_its_secret_until_it_is_forgotten() {
        for (_kept, keys) in keys().await {
            let token = keys.issue(NIGHTLY, ACME).await.unwrap();
            assert!(token.starts_with(API_KEY_PREFIX));
            assert_eq!(keys.find(&token, minute(0)).await.unwrap(), Some((NIGHTLY, ACME)));
            assert_eq!(keys.find("dck_guess", minute(0)).await.unwrap(), None);
            let newer = keys.issue(NIGHTLY, ACME).await.unwrap();
            assert_eq!(keys.find(&token, minute(0)).await.unwrap(), None);
            keys.forget(NIGHTLY).await.unwrap();
            assert_eq!(keys.find(&newer, minute(0)).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn the_last_use_is_told_to_the_minute() {
        for (_kept, keys) in keys().await {
            let token = keys.issue(NIGHTLY, ACME).await.unwrap();
            assert!(keys.last_uses(ACME).await.unwrap().is_empty());
            let half = Duration::seconds(30);
            for (at, told) in [(minute(0), minute(0)), (minute(0) + half, minute(0)), (minute(1), minute(1))] {
                keys.find(&token, at).await.unwrap();
                assert_eq!(keys.last_uses(ACME).await.unwrap()[&NIGHTLY], told);
            }
            keys.forget_all(ACME).await.unwrap();
            assert_eq!(keys.find(&token, minute(2)).await.unwrap(), None);
        }
    }

    async fn keys() -> [(Kept, ApiKeys); 2] {
        let keys = |database| ApiKeys::on(database, Arc::new(ServiceKeys::new(&"s".repeat(32)).unwrap()));
        databases().await.map(|(kept, database)| (kept, keys(database)))
    }

    fn minute(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(number)
    }
}
