//! Sign-ins.

use anyhow::{Context, Result};
use domain::UserId;

use super::Engine;
use crate::sql::rows::SignInsKept;

impl Engine {
    /// Adds an entry; those from before a time, and all but the newest, go.
    pub(crate) async fn insert_sign_in(
        &self,
        user: UserId,
        at: i64,
        kind: &str,
        address: Option<&str>,
        kept: SignInsKept,
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await.context("noting a sign-in")?;
        let insert = sqlx::query("INSERT INTO sign_ins (user_id, at, kind, address) VALUES ($1, $2, $3, $4)");
        let insert = insert.bind(user.to_string()).bind(at).bind(kind).bind(address);
        insert.execute(&mut *transaction).await.context("noting a sign-in")?;
        let forget = sqlx::query(
            "DELETE FROM sign_ins WHERE user_id = $1 AND (at < $2 OR id <=
                 (SELECT id FROM sign_ins WHERE user_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $3))",
        );
        let forget = forget.bind(user.to_string()).bind(kept.since).bind(kept.entries);
        forget.execute(&mut *transaction).await.context("forgetting old sign-ins")?;
        transaction.commit().await.context("noting a sign-in")
    }

    pub(crate) async fn sign_ins(
        &self,
        user: UserId,
        before: i64,
        limit: u32,
    ) -> Result<Vec<(i64, i64, String, Option<String>)>> {
        let entries = sqlx::query_as(
            "SELECT id, at, kind, address FROM sign_ins WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        );
        let entries = entries.bind(user.to_string()).bind(before).bind(i64::from(limit)).fetch_all(&self.reader).await;
        entries.context("reading sign-ins")
    }

    pub(crate) async fn delete_sign_ins(&self, user: UserId) -> Result<()> {
        let delete = sqlx::query("DELETE FROM sign_ins WHERE user_id = $1").bind(user.to_string());
        delete.execute(&self.writer).await.map(drop).context("forgetting sign-ins")
    }
}
