//! The keyring.

use anyhow::{Context, Result};
use sqlx::Row;
use uuid::Uuid;

use super::Engine;
use crate::sql::rows::StoredKeyring;

impl Engine {
    pub(crate) async fn keyring(&self) -> Result<Option<StoredKeyring>> {
        let row = sqlx::query("SELECT tag, wrapped_root FROM service_secret").fetch_optional(&self.reader).await;
        let Some(row) = row.context("reading the keyring")? else { return Ok(None) };
        Ok(Some(StoredKeyring { tag: row.try_get("tag")?, wrapped_root: row.try_get("wrapped_root")? }))
    }

    /// Stores a keyring unless there is one.
    pub(crate) async fn insert_keyring(&self, keyring: &StoredKeyring) -> Result<()> {
        let insert = sqlx::query(
            "INSERT INTO service_secret (only_row, tag, wrapped_root) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
        );
        let insert = insert.bind(&keyring.tag).bind(&keyring.wrapped_root).execute(&self.writer).await;
        insert.map(drop).context("storing the keyring")
    }

    /// Stores a keyring in place of the one that stands, with every subject key that `rewrap` gives anew; says how many.
    pub(crate) async fn rewrap(
        &self,
        keyring: &StoredKeyring,
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
}
