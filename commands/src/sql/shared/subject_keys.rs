//! The keys of people whose data stands in events.

use anyhow::{Context, Result};
use uuid::Uuid;

use super::Engine;

impl Engine {
    pub(crate) async fn insert_subject_key(&self, id: Uuid, wrapped: &[u8]) -> Result<()> {
        let insert = sqlx::query("INSERT INTO subject_keys (key_id, wrapped_key) VALUES ($1, $2)");
        let insert = insert.bind(id.to_string()).bind(wrapped).execute(&self.writer).await;
        insert.map(drop).context("storing a subject key")
    }

    pub(crate) async fn subject_key(&self, id: Uuid) -> Result<Option<Vec<u8>>> {
        let wrapped = sqlx::query_scalar("SELECT wrapped_key FROM subject_keys WHERE key_id = $1").bind(id.to_string());
        wrapped.fetch_optional(&self.reader).await.context("reading a subject key")
    }

    pub(crate) async fn delete_subject_key(&self, id: Uuid) -> Result<()> {
        let delete = sqlx::query("DELETE FROM subject_keys WHERE key_id = $1").bind(id.to_string());
        delete.execute(&self.writer).await.map(drop).context("destroying a subject key")
    }
}
