//! Hashes of passwords.

use anyhow::{Context, Result};
use uuid::Uuid;

use super::Engine;

impl Engine {
    pub(crate) async fn insert_credential(&self, id: Uuid, hash: &str) -> Result<()> {
        let insert = sqlx::query("INSERT INTO credentials (credential_id, hash) VALUES ($1, $2)");
        let insert = insert.bind(id.to_string()).bind(hash).execute(&self.writer).await;
        insert.map(drop).context("storing a credential")
    }

    pub(crate) async fn credential(&self, id: Uuid) -> Result<Option<String>> {
        let hash = sqlx::query_scalar("SELECT hash FROM credentials WHERE credential_id = $1").bind(id.to_string());
        hash.fetch_optional(&self.reader).await.context("reading a credential")
    }

    /// Puts a stronger hash of the same password in the place of a weaker one.
    pub(crate) async fn replace_credential(&self, id: Uuid, old: &str, new: &str) -> Result<()> {
        let replace = sqlx::query("UPDATE credentials SET hash = $3 WHERE credential_id = $1 AND hash = $2");
        let replace = replace.bind(id.to_string()).bind(old).bind(new).execute(&self.writer).await;
        replace.map(drop).context("strengthening a credential")
    }

    pub(crate) async fn delete_credential(&self, id: Uuid) -> Result<()> {
        let delete = sqlx::query("DELETE FROM credentials WHERE credential_id = $1").bind(id.to_string());
        delete.execute(&self.writer).await.map(drop).context("deleting a credential")
    }
}
