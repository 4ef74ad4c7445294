//! Who is signed in. A client keeps a refresh token that is good once; the page keeps a cookie.
//! Only keyed hashes of either are stored.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};
use domain::UserId;
use uuid::Uuid;

use crate::keys::random::{random_id, random_token};
use crate::keys::service_keys::ServiceKeys;
use crate::sql::database::{Database, on_engine};
use crate::sql::rows::{NewSession, SessionKind, TokenExchange, TokenExchanged};

/// How long a session lives after it was opened or last refreshed.
const LIFE: Duration = Duration::days(30);

/// The sessions of all users.
#[derive(Clone)]
pub struct Sessions {
    database: Database,
    service_keys: Arc<ServiceKeys>,
}

/// An open session, with the token that only its owner gets to see.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    pub id: Uuid,
    /// 256 random bits in base64url: the refresh token, or the value of the page's cookie.
    pub token: String,
    /// When the session ends unless it is refreshed.
    pub expires_at: DateTime<Utc>,
}

/// Why a refresh token does not open a session again.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// There is no such token, or its session is over.
    #[error("the refresh token is unknown")]
    Unknown,
    /// It was used before: two have it, and one of them stole it. The session is ended now.
    #[error("the refresh token was used before")]
    Reused(UserId),
    #[error("refreshing a session")]
    Failed(#[source] anyhow::Error),
}

impl Sessions {
    pub(crate) fn on(database: Database, service_keys: Arc<ServiceKeys>) -> Self {
        Self { database, service_keys }
    }

    /// Opens a session whose token can be refreshed.
    ///
    /// # Errors
    /// When the database fails; so for every method here.
    pub async fn open(&self, user: UserId, now: DateTime<Utc>) -> Result<Session> {
        self.open_as(SessionKind::Api, user, now).await
    }

    /// Opens a session for the page; its token is the value of a cookie and stays the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_page(&self, user: UserId, now: DateTime<Utc>) -> Result<Session> {
        self.open_as(SessionKind::Page, user, now).await
    }

    /// Exchanges a refresh token for a new one and prolongs the session.
    ///
    /// # Errors
    /// When the token is unknown, was used before (the session is ended then), or the database fails.
    pub async fn refresh(&self, token: &str, now: DateTime<Utc>) -> Result<(UserId, Session), RefreshError> {
        let (new, expires_at) = (random_token(), now + LIFE);
        let exchange = TokenExchange {
            old_hash: self.service_keys.token_hash(token),
            new_hash: self.service_keys.token_hash(&new),
            now: now.timestamp_millis(),
            expires_at: expires_at.timestamp_millis(),
            forget_before: (now - LIFE).timestamp_millis(),
        };
        let exchanged = on_engine!(&self.database, engine => engine.exchange_token(&exchange).await);
        match exchanged.map_err(RefreshError::Failed)? {
            TokenExchanged::Open(id, user) => Ok((user, Session { id, token: new, expires_at })),
            TokenExchanged::Unknown => Err(RefreshError::Unknown),
            TokenExchanged::Reused(user) => Err(RefreshError::Reused(user)),
        }
    }

    /// Whose session it is, while it is open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_open(&self, session: Uuid, now: DateTime<Utc>) -> Result<Option<UserId>> {
        on_engine!(&self.database, engine => engine.session_user(session, now.timestamp_millis()).await)
    }

    /// The session and user that a cookie of the page stands for, while the session is open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page_user(&self, token: &str, now: DateTime<Utc>) -> Result<Option<(Uuid, UserId)>> {
        let hash = self.service_keys.token_hash(token);
        on_engine!(&self.database, engine => engine.page_session(&hash, now.timestamp_millis()).await)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(&self, session: Uuid, now: DateTime<Utc>) -> Result<()> {
        on_engine!(&self.database, engine => engine.end_session(session, now.timestamp_millis()).await)
    }

    /// Ends all sessions of a user but one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_others(&self, user: UserId, keep: Uuid, now: DateTime<Utc>) -> Result<()> {
        on_engine!(&self.database, engine => engine.end_other_sessions(user, keep, now.timestamp_millis()).await)
    }

    /// Ends and forgets all sessions of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_all(&self, user: UserId) -> Result<()> {
        on_engine!(&self.database, engine => engine.delete_sessions(user).await)
    }

    async fn open_as(&self, kind: SessionKind, user: UserId, now: DateTime<Utc>) -> Result<Session> {
        let session = Session { id: random_id(), token: random_token(), expires_at: now + LIFE };
        let new = NewSession {
            id: session.id,
            user,
            kind,
            token_hash: self.service_keys.token_hash(&session.token),
            now: now.timestamp_millis(),
            expires_at: session.expires_at.timestamp_millis(),
        };
        on_engine!(&self.database, engine => engine.insert_session(&new).await?);
        Ok(session)
    }
}

#[cfg(test)]
mod tests;
