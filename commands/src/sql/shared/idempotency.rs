//! Idempotency keys.

use anyhow::{Context, Result};

use super::Engine;

impl Engine {
    /// Stores a fingerprint under a key unless there is one: `None` when it is new, else the one that stands.
    pub(crate) async fn claim_key(&self, owner: &str, key: &str, fingerprint: &[u8]) -> Result<Option<Vec<u8>>> {
        loop {
            let first = sqlx::query(
                "INSERT INTO idempotency_keys (owner, key, fingerprint) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            );
            let first = first.bind(owner).bind(key).bind(fingerprint).execute(&self.writer).await;
            if first.context("claiming an idempotency key")?.rows_affected() == 1 {
                return Ok(None);
            }
            let stored = sqlx::query_scalar("SELECT fingerprint FROM idempotency_keys WHERE owner = $1 AND key = $2");
            let stored = stored.bind(owner).bind(key).fetch_optional(&self.writer).await;
            // A key that was released in between is claimed after all.
            if let Some(stored) = stored.context("reading an idempotency key")? {
                return Ok(Some(stored));
            }
        }
    }

    pub(crate) async fn release_key(&self, owner: &str, key: &str) -> Result<()> {
        let release = sqlx::query("DELETE FROM idempotency_keys WHERE owner = $1 AND key = $2");
        let release = release.bind(owner).bind(key).execute(&self.writer).await;
        release.map(drop).context("releasing an idempotency key")
    }
}
