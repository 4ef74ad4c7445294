//! Sessions and their tokens.

use anyhow::{Context, Result};
use domain::UserId;
use sqlx::Row;
use uuid::Uuid;

use super::{Connection, Engine};
use crate::sql::rows::{NewSession, SessionKind, TokenExchange, TokenExchanged};

impl Engine {
    /// Stores a session with its token, and forgets those that expired.
    pub(crate) async fn insert_session(&self, new: &NewSession) -> Result<()> {
        let mut transaction = self.writer.begin().await.context("opening a session")?;
        let expired = sqlx::query("DELETE FROM sessions WHERE expires_at < $1").bind(new.now);
        expired.execute(&mut *transaction).await.context("forgetting expired sessions")?;
        let insert = sqlx::query(
            "INSERT INTO sessions (session_id, user_id, kind, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        );
        let insert = insert.bind(new.id.to_string()).bind(new.user.to_string()).bind(match new.kind {
            SessionKind::Api => "api",
            SessionKind::Page => "page",
        });
        let insert = insert.bind(new.now).bind(new.expires_at).execute(&mut *transaction).await;
        insert.context("storing a session")?;
        insert_token(&mut transaction, &new.token_hash, &new.id.to_string()).await?;
        transaction.commit().await.context("opening a session")
    }

    /// Exchanges a token that was not used yet; one that was ends its session.
    pub(crate) async fn exchange_token(&self, exchange: &TokenExchange) -> Result<TokenExchanged> {
        let mut transaction = self.writer.begin().await.context("refreshing a session")?;
        let exchanged = match use_token(&mut transaction, exchange).await? {
            Some(session) => prolong(&mut transaction, exchange, &session).await?,
            None => {
                end_family(&mut transaction, exchange).await?.map_or(TokenExchanged::Unknown, TokenExchanged::Reused)
            }
        };
        transaction.commit().await.context("refreshing a session")?;
        Ok(exchanged)
    }

    pub(crate) async fn session_user(&self, session: Uuid, now: i64) -> Result<Option<UserId>> {
        let user = sqlx::query_scalar(
            "SELECT user_id FROM sessions WHERE session_id = $1 AND ended_at IS NULL AND expires_at > $2",
        );
        let user: Option<String> =
            user.bind(session.to_string()).bind(now).fetch_optional(&self.reader).await.context("reading a session")?;
        user.map(|id| id.parse()).transpose().context("reading the user of a session")
    }

    pub(crate) async fn page_session(&self, token_hash: &[u8], now: i64) -> Result<Option<(Uuid, UserId)>> {
        let session = sqlx::query(
            "SELECT session_id, user_id FROM session_tokens JOIN sessions USING (session_id)
             WHERE token_hash = $1 AND kind = 'page' AND ended_at IS NULL AND expires_at > $2",
        );
        let row = session.bind(token_hash).bind(now).fetch_optional(&self.reader).await;
        let Some(row) = row.context("reading a session")? else { return Ok(None) };
        let (session, user): (&str, &str) = (row.try_get("session_id")?, row.try_get("user_id")?);
        Ok(Some((session.parse()?, user.parse()?)))
    }

    pub(crate) async fn end_session(&self, session: Uuid, now: i64) -> Result<()> {
        let end = sqlx::query("UPDATE sessions SET ended_at = $2 WHERE session_id = $1 AND ended_at IS NULL");
        let end = end.bind(session.to_string()).bind(now).execute(&self.writer).await;
        end.map(drop).context("ending a session")
    }

    pub(crate) async fn end_other_sessions(&self, user: UserId, keep: Uuid, now: i64) -> Result<()> {
        let end = sqlx::query(
            "UPDATE sessions SET ended_at = $3 WHERE user_id = $1 AND session_id <> $2 AND ended_at IS NULL",
        );
        let end = end.bind(user.to_string()).bind(keep.to_string()).bind(now).execute(&self.writer).await;
        end.map(drop).context("ending the other sessions")
    }

    pub(crate) async fn delete_sessions(&self, user: UserId) -> Result<()> {
        let delete = sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(user.to_string());
        delete.execute(&self.writer).await.map(drop).context("ending all sessions")
    }
}

async fn insert_token(connection: &mut Connection, hash: &[u8], session: &str) -> Result<()> {
    let insert = sqlx::query("INSERT INTO session_tokens (token_hash, session_id) VALUES ($1, $2)");
    let insert = insert.bind(hash).bind(session).execute(connection).await;
    insert.map(drop).context("storing a token")
}

/// Marks a token of an open session as used and gives the session.
async fn use_token(connection: &mut Connection, exchange: &TokenExchange) -> Result<Option<String>> {
    let used = sqlx::query_scalar(
        "UPDATE session_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND session_id IN
             (SELECT session_id FROM sessions WHERE kind = 'api' AND ended_at IS NULL AND expires_at > $2)
         RETURNING session_id",
    );
    let used = used.bind(&exchange.old_hash[..]).bind(exchange.now).fetch_optional(connection).await;
    used.context("using a token")
}

async fn prolong(connection: &mut Connection, exchange: &TokenExchange, session: &str) -> Result<TokenExchanged> {
    insert_token(connection, &exchange.new_hash, session).await?;
    let forget = sqlx::query("DELETE FROM session_tokens WHERE session_id = $1 AND used_at < $2");
    let forget = forget.bind(session).bind(exchange.forget_before).execute(&mut *connection).await;
    forget.context("forgetting old tokens")?;
    let user = sqlx::query_scalar("UPDATE sessions SET expires_at = $2 WHERE session_id = $1 RETURNING user_id");
    let user: String =
        user.bind(session).bind(exchange.expires_at).fetch_one(connection).await.context("prolonging a session")?;
    Ok(TokenExchanged::Open(session.parse()?, user.parse()?))
}

/// Ends the session of a token that was used before; says whose it was, if there is one.
async fn end_family(connection: &mut Connection, exchange: &TokenExchange) -> Result<Option<UserId>> {
    let end = sqlx::query_scalar(
        "UPDATE sessions SET ended_at = coalesce(ended_at, $2) WHERE session_id IN
             (SELECT session_id FROM session_tokens WHERE token_hash = $1 AND used_at IS NOT NULL)
         RETURNING user_id",
    );
    let end = end.bind(&exchange.old_hash[..]).bind(exchange.now).fetch_optional(connection).await;
    let user: Option<String> = end.context("ending a session")?;
    user.map(|id| id.parse()).transpose().context("reading the user of a session")
}
