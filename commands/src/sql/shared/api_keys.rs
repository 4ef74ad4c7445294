//! The secrets of API keys.

use anyhow::{Context, Result};
use domain::{ApiKeyId, CustomerId};
use sqlx::Row;

use super::Engine;
use crate::sql::rows::StoredApiKey;

impl Engine {
    pub(crate) async fn store_api_key(&self, key: ApiKeyId, customer: CustomerId, hash: &[u8]) -> Result<()> {
        let store = sqlx::query(
            "INSERT INTO api_key_secrets (key_id, customer_id, token_hash) VALUES ($1, $2, $3)
             ON CONFLICT (key_id) DO UPDATE SET token_hash = excluded.token_hash, last_used_at = NULL",
        );
        let store = store.bind(key.to_string()).bind(customer.to_string()).bind(hash).execute(&self.writer).await;
        store.map(drop).context("storing an API key")
    }

    pub(crate) async fn api_key(&self, hash: &[u8]) -> Result<Option<StoredApiKey>> {
        let key = sqlx::query("SELECT key_id, customer_id, last_used_at FROM api_key_secrets WHERE token_hash = $1")
            .bind(hash);
        let Some(row) = key.fetch_optional(&self.reader).await.context("reading an API key")? else { return Ok(None) };
        let (id, customer): (&str, &str) = (row.try_get("key_id")?, row.try_get("customer_id")?);
        let last_used_at = row.try_get("last_used_at")?;
        Ok(Some(StoredApiKey { id: id.parse()?, customer: customer.parse()?, last_used_at }))
    }

    pub(crate) async fn note_use_of_api_key(&self, key: ApiKeyId, now: i64) -> Result<()> {
        let note = sqlx::query("UPDATE api_key_secrets SET last_used_at = $2 WHERE key_id = $1")
            .bind(key.to_string())
            .bind(now);
        note.execute(&self.writer).await.map(drop).context("noting the use of an API key")
    }

    pub(crate) async fn uses_of_api_keys(&self, customer: CustomerId) -> Result<Vec<(ApiKeyId, i64)>> {
        let uses = sqlx::query_as(
            "SELECT key_id, last_used_at FROM api_key_secrets WHERE customer_id = $1 AND last_used_at IS NOT NULL",
        );
        let uses: Vec<(String, i64)> =
            uses.bind(customer.to_string()).fetch_all(&self.reader).await.context("reading the uses of API keys")?;
        uses.into_iter().map(|(id, at)| Ok((id.parse()?, at))).collect()
    }

    pub(crate) async fn delete_api_key(&self, key: ApiKeyId) -> Result<()> {
        let delete = sqlx::query("DELETE FROM api_key_secrets WHERE key_id = $1").bind(key.to_string());
        delete.execute(&self.writer).await.map(drop).context("forgetting an API key")
    }

    pub(crate) async fn delete_api_keys(&self, customer: CustomerId) -> Result<()> {
        let delete = sqlx::query("DELETE FROM api_key_secrets WHERE customer_id = $1").bind(customer.to_string());
        delete.execute(&self.writer).await.map(drop).context("forgetting the API keys of a customer")
    }
}
