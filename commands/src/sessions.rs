//! Who is signed in. A client keeps a refresh token that is good once; the page keeps a cookie.
//! Only keyed hashes of either are stored.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};
use domain::UserId;
use uuid::Uuid;

use crate::database::{Database, on_engine};
use crate::secrets::{Secrets, random_id, random_token};

/// How long a session lives after it was opened or last refreshed.
const LIFE: Duration = Duration::days(30);

/// The sessions of all users.
#[derive(Clone)]
pub struct Sessions {
    database: Database,
    secrets: Arc<Secrets>,
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

/// How the session is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Api,
    Page,
}

/// A session as it is stored; times are in Unix milliseconds.
pub(crate) struct NewSession {
    pub id: Uuid,
    pub user: UserId,
    pub kind: Kind,
    pub token_hash: [u8; 32],
    pub now: i64,
    pub expires_at: i64,
}

/// The exchange of one refresh token for another; times are in Unix milliseconds.
pub(crate) struct Exchange {
    pub old_hash: [u8; 32],
    pub new_hash: [u8; 32],
    pub now: i64,
    pub expires_at: i64,
    /// Tokens that were used before this time need not be recognised any more.
    pub forget_before: i64,
}

/// What came of an exchange.
pub(crate) enum Exchanged {
    Open(Uuid, UserId),
    Unknown,
    Reused(UserId),
}

impl Sessions {
    pub(crate) fn on(database: Database, secrets: Arc<Secrets>) -> Self {
        Self { database, secrets }
    }

    /// Opens a session whose token can be refreshed.
    ///
    /// # Errors
    /// When the database fails; so for every method here.
    pub async fn open(&self, user: UserId, now: DateTime<Utc>) -> Result<Session> {
        self.open_as(Kind::Api, user, now).await
    }

    /// Opens a session for the page; its token is the value of a cookie and stays the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_page(&self, user: UserId, now: DateTime<Utc>) -> Result<Session> {
        self.open_as(Kind::Page, user, now).await
    }

    /// Exchanges a refresh token for a new one and prolongs the session.
    ///
    /// # Errors
    /// When the token is unknown, was used before (the session is ended then), or the database fails.
    pub async fn refresh(&self, token: &str, now: DateTime<Utc>) -> Result<(UserId, Session), RefreshError> {
        let (new, expires_at) = (random_token(), now + LIFE);
        let exchange = Exchange {
            old_hash: self.secrets.token_hash(token),
            new_hash: self.secrets.token_hash(&new),
            now: now.timestamp_millis(),
            expires_at: expires_at.timestamp_millis(),
            forget_before: (now - LIFE).timestamp_millis(),
        };
        let exchanged = on_engine!(&self.database, engine => engine.exchange_token(&exchange).await);
        match exchanged.map_err(RefreshError::Failed)? {
            Exchanged::Open(id, user) => Ok((user, Session { id, token: new, expires_at })),
            Exchanged::Unknown => Err(RefreshError::Unknown),
            Exchanged::Reused(user) => Err(RefreshError::Reused(user)),
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
        let hash = self.secrets.token_hash(token);
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

    async fn open_as(&self, kind: Kind, user: UserId, now: DateTime<Utc>) -> Result<Session> {
        let session = Session { id: random_id(), token: random_token(), expires_at: now + LIFE };
        let new = NewSession {
            id: session.id,
            user,
            kind,
            token_hash: self.secrets.token_hash(&session.token),
            now: now.timestamp_millis(),
            expires_at: session.expires_at.timestamp_millis(),
        };
        on_engine!(&self.database, engine => engine.insert_session(&new).await?);
        Ok(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::tests::{Kept, databases};

    const ANA: UserId = UserId(Uuid::from_u128(1));

    #[tokio::test]
    async fn a_session_is_open_until_it_ends_or_expires() {
        for (_kept, sessions) in sessions().await {
            let session = sessions.open(ANA, day(0)).await.unwrap();
            assert_eq!(sessions.is_open(session.id, day(29)).await.unwrap(), Some(ANA));
            assert_eq!(sessions.is_open(session.id, day(30)).await.unwrap(), None);
            sessions.end(session.id, day(1)).await.unwrap();
            assert_eq!(sessions.is_open(session.id, day(1)).await.unwrap(), None);
            assert!(matches!(sessions.refresh(&session.token, day(1)).await, Err(RefreshError::Unknown)));
        }
    }

    #[tokio::test]
    async fn a_refresh_prolongs_the_session_and_gives_another_token() {
        for (_kept, sessions) in sessions().await {
            let first = sessions.open(ANA, day(0)).await.unwrap();
            let (user, second) = sessions.refresh(&first.token, day(20)).await.unwrap();
            assert_eq!((user, second.id, second.expires_at), (ANA, first.id, day(50)));
            assert_ne!(second.token, first.token);
            assert_eq!(sessions.is_open(first.id, day(40)).await.unwrap(), Some(ANA));
            assert!(matches!(sessions.refresh(&second.token, day(51)).await, Err(RefreshError::Unknown)));
        }
    }

    #[tokio::test]
    async fn reusing_a_refresh_token_ends_its_family_and_no_other() {
        for (_kept, sessions) in sessions().await {
            let other = sessions.open(ANA, day(0)).await.unwrap();
            let first = sessions.open(ANA, day(0)).await.unwrap();
            let (_, second) = sessions.refresh(&first.token, day(1)).await.unwrap();
            assert!(matches!(sessions.refresh(&first.token, day(2)).await, Err(RefreshError::Reused(ANA))));
            assert!(matches!(sessions.refresh(&second.token, day(2)).await, Err(RefreshError::Unknown)));
            assert_eq!(sessions.is_open(first.id, day(2)).await.unwrap(), None);
            assert_eq!(sessions.is_open(other.id, day(2)).await.unwrap(), Some(ANA));
        }
    }

    #[tokio::test]
    async fn of_two_who_refresh_at_once_only_one_succeeds() {
        for (_kept, sessions) in sessions().await {
            let session = sessions.open(ANA, day(0)).await.unwrap();
            let both = tokio::join!(sessions.refresh(&session.token, day(1)), sessions.refresh(&session.token, day(1)));
            let successes = [both.0.is_ok(), both.1.is_ok()].into_iter().filter(|ok| *ok).count();
            assert_eq!(successes, 1);
            assert_eq!(sessions.is_open(session.id, day(1)).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_token_of_the_page_and_a_refresh_token_do_not_stand_for_each_other() {
        for (_kept, sessions) in sessions().await {
            let page = sessions.open_page(ANA, day(0)).await.unwrap();
            let api = sessions.open(ANA, day(0)).await.unwrap();
            assert_eq!(sessions.page_user(&page.token, day(1)).await.unwrap(), Some((page.id, ANA)));
            assert_eq!(sessions.page_user(&api.token, day(1)).await.unwrap(), None);
            assert_eq!(sessions.page_user(&page.token, day(30)).await.unwrap(), None);
            assert!(matches!(sessions.refresh(&page.token, day(1)).await, Err(RefreshError::Unknown)));
            assert_eq!(sessions.is_open(page.id, day(1)).await.unwrap(), Some(ANA));
        }
    }

    #[tokio::test]
    async fn ends_the_other_sessions_or_all() {
        for (_kept, sessions) in sessions().await {
            let bea = UserId(Uuid::from_u128(2));
            let opened = [
                sessions.open(ANA, day(0)).await.unwrap().id,
                sessions.open_page(ANA, day(0)).await.unwrap().id,
                sessions.open(bea, day(0)).await.unwrap().id,
            ];
            sessions.end_others(ANA, opened[0], day(1)).await.unwrap();
            assert_eq!(open(&sessions, &opened).await, [true, false, true]);
            sessions.end_all(ANA).await.unwrap();
            assert_eq!(open(&sessions, &opened).await, [false, false, true]);
        }
    }

    #[tokio::test]
    async fn a_request_that_is_cut_off_does_no_harm_to_the_next() {
        for (_kept, sessions) in sessions().await {
            for round in 0..60 {
                let cut = sessions.open(ANA, day(0));
                let _ = tokio::time::timeout(std::time::Duration::from_micros(round * 20), cut).await;
                let session = sessions.open(ANA, day(0)).await.unwrap();
                assert!(sessions.is_open(session.id, day(0)).await.unwrap().is_some(), "it was not committed");
            }
        }
    }

    async fn open(sessions: &Sessions, ids: &[Uuid]) -> Vec<bool> {
        let mut open = vec![];
        for id in ids {
            open.push(sessions.is_open(*id, day(1)).await.unwrap().is_some());
        }
        open
    }

    async fn sessions() -> [(Kept, Sessions); 2] {
        let secrets = Arc::new(Secrets::new(&"s".repeat(32)).unwrap());
        databases().await.map(|(kept, database)| (kept, Sessions::on(database, secrets.clone())))
    }

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000 + number)
    }
}
