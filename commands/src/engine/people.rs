//! The keyring, subject keys, credentials and idempotency keys.

use anyhow::{Context, Result};
use sqlx::Row;
use uuid::Uuid;

use super::Engine;
use crate::keyring::Keyring;

impl Engine {
    pub async fn keyring(&self) -> Result<Option<Keyring>> {
        let row = sqlx::query("SELECT tag, wrapped_root FROM service_secret").fetch_optional(&self.reader).await;
        let Some(row) = row.context("reading the keyring")? else { return Ok(None) };
        Ok(Some(Keyring { tag: row.try_get("tag")?, wrapped_root: row.try_get("wrapped_root")? }))
    }

    /// Stores a keyring unless there is one.
    pub async fn insert_keyring(&self, keyring: &Keyring) -> Result<()> {
        let insert = sqlx::query(
            "INSERT INTO service_secret (only_row, tag, wrapped_root) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
        );
        let insert = insert.bind(&keyring.tag).bind(&keyring.wrapped_root).execute(&self.writer).await;
        insert.map(drop).context("storing the keyring")
    }

    /// Stores a keyring in place of the one that stands, with every subject key that `rewrap` gives anew; says how many.
    pub async fn rewrap(
        &self,
        keyring: &Keyring,
        rewrap: impl Fn(Uuid, &[u8]) -> Result<Option<Vec<u8>>>,
    ) -> Result<usize> {
        let mut transaction = self.writer.begin().await.context("wrapping the keys anew")?;
        let replace = sqlx::query("UPDATE service_secret SET tag = $1, wrapped_root = $2");
        let replace = replace.bind(&keyring.tag).bind(&keyring.wrapped_root).execute(&mut *transaction).await;
        replace.context("storing the keyring")?;
        let keys: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT key_id, wrapped_key FROM subject_keys")
            .fetch_all(&mut *transaction)
            .await
            .context("reading the subject keys")?;
        let mut count = 0;
        for (id, wrapped) in keys {
            let Some(wrapped) = rewrap(id.parse()?, &wrapped)? else { continue };
            let replace = sqlx::query("UPDATE subject_keys SET wrapped_key = $2 WHERE key_id = $1");
            replace.bind(&id).bind(wrapped).execute(&mut *transaction).await.context("storing a subject key")?;
            count += 1;
        }
        transaction.commit().await.context("wrapping the keys anew")?;
        Ok(count)
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

    /// Puts a stronger hash of the same password in the place of a weaker one.
    pub async fn replace_credential(&self, id: Uuid, old: &str, new: &str) -> Result<()> {
        let replace = sqlx::query("UPDATE credentials SET hash = $3 WHERE credential_id = $1 AND hash = $2");
        let replace = replace.bind(id.to_string()).bind(old).bind(new).execute(&self.writer).await;
        replace.map(drop).context("strengthening a credential")
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
