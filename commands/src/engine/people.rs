//! Subject keys, credentials, idempotency keys and the tag of the service secret.

use anyhow::{Context, Result};
use uuid::Uuid;

use super::Engine;

impl Engine {
    /// Stores the tag of the service secret unless there is one; gives the one that stands.
    pub async fn secret_tag(&self, tag: &[u8]) -> Result<Vec<u8>> {
        let first = sqlx::query("INSERT INTO service_secret (only_row, tag) VALUES (1, $1) ON CONFLICT DO NOTHING");
        first.bind(tag).execute(&self.writer).await.context("storing the tag of the service secret")?;
        let stored = sqlx::query_scalar("SELECT tag FROM service_secret").fetch_one(&self.writer).await;
        stored.context("reading the tag of the service secret")
    }

    pub async fn insert_subject_key(&self, id: Uuid, wrapped: &[u8]) -> Result<()> {
        let insert = sqlx::query("INSERT INTO subject_keys (key_id, wrapped_key) VALUES ($1, $2)");
        let insert = insert.bind(id.to_string()).bind(wrapped).execute(&self.writer).await;
        insert.map(drop).context("storing a subject key")
    }

    pub async fn subject_key(&self, id: Uuid) -> Result<Option<Vec<u8>>> {
        let wrapped = sqlx::query_scalar("SELECT wrapped_key FROM subject_keys WHERE key_id = $1").bind(id.to_string());
        wrapped.fetch_optional(&self.reader).await.context("reading a subject key")
    }

    pub async fn delete_subject_key(&self, id: Uuid) -> Result<()> {
        let delete = sqlx::query("DELETE FROM subject_keys WHERE key_id = $1").bind(id.to_string());
        delete.execute(&self.writer).await.map(drop).context("destroying a subject key")
    }

    pub async fn insert_credential(&self, id: Uuid, hash: &str) -> Result<()> {
        let insert = sqlx::query("INSERT INTO credentials (credential_id, hash) VALUES ($1, $2)");
        let insert = insert.bind(id.to_string()).bind(hash).execute(&self.writer).await;
        insert.map(drop).context("storing a credential")
    }

    pub async fn credential(&self, id: Uuid) -> Result<Option<String>> {
        let hash = sqlx::query_scalar("SELECT hash FROM credentials WHERE credential_id = $1").bind(id.to_string());
        hash.fetch_optional(&self.reader).await.context("reading a credential")
    }

    pub async fn delete_credential(&self, id: Uuid) -> Result<()> {
        let delete = sqlx::query("DELETE FROM credentials WHERE credential_id = $1").bind(id.to_string());
        delete.execute(&self.writer).await.map(drop).context("deleting a credential")
    }

    /// Stores a fingerprint under a key unless there is one: `None` when it is new, else the one that stands.
    pub async fn claim(&self, owner: &str, key: &str, fingerprint: &[u8]) -> Result<Option<Vec<u8>>> {
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

    pub async fn release(&self, owner: &str, key: &str) -> Result<()> {
        let release = sqlx::query("DELETE FROM idempotency_keys WHERE owner = $1 AND key = $2");
        let release = release.bind(owner).bind(key).execute(&self.writer).await;
        release.map(drop).context("releasing an idempotency key")
    }
}
