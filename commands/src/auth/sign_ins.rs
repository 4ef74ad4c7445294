//! Who signed in, was refused and signed out, for the person to look through. A table and not events: attempts are made
//! by anyone, as often as the rate limit lets them, addresses are personal data, and both must be forgettable.

use anyhow::{Context, Result};
use chrono::{DateTime, Duration, Utc};
use domain::UserId;

use crate::sql::database::{Database, on_engine};
use crate::sql::rows::SignInsKept;

/// How long an entry is kept.
const KEPT: Duration = Duration::days(90);
/// How many entries of a user are kept.
const KEPT_ENTRIES: i64 = 200;

/// The sign-ins of all users.
#[derive(Clone)]
pub struct SignIns {
    database: Database,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum SignInKind {
    SignedIn,
    /// Someone gave a wrong password.
    Refused,
    /// A session was ended by the user.
    SignedOut,
    /// All other sessions, or all sessions, were ended by the user.
    SignedOutEverywhere,
    /// A refresh token was used twice, so its session was ended.
    TokenReused,
    /// The password was changed.
    PasswordChanged,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    pub at: DateTime<Utc>,
    pub kind: SignInKind,
    /// The address that the request came from.
    pub address: Option<String>,
}

impl SignIns {
    pub(crate) fn on(database: Database) -> Self {
        Self { database }
    }

    /// Adds an entry, and forgets the oldest ones of the user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note(&self, user: UserId, entry: &SignIn) -> Result<()> {
        let (at, forget_before) = (entry.at.timestamp_millis(), (entry.at - KEPT).timestamp_millis());
        let (kind, address) = (entry.kind.to_string(), entry.address.as_deref());
        let kept = SignInsKept { since: forget_before, entries: KEPT_ENTRIES };
        on_engine!(&self.database, engine => engine.insert_sign_in(user, at, &kind, address, kept).await)
    }

    /// The entries of a user, the newest first, before the one that a page ended with.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, user: UserId, before: Option<u64>, limit: u32) -> Result<Vec<(u64, SignIn)>> {
        let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let entries = on_engine!(&self.database, engine => engine.sign_ins(user, before, limit).await?);
        let entry = |(id, at, kind, address): (i64, i64, String, Option<String>)| {
            let at = DateTime::from_timestamp_millis(at).context("a sign-in has no valid time")?;
            Ok((id.cast_unsigned(), SignIn { at, kind: kind.parse()?, address }))
        };
        entries.into_iter().map(entry).collect()
    }

    /// Forgets all entries of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, user: UserId) -> Result<()> {
        on_engine!(&self.database, engine => engine.delete_sign_ins(user).await)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::sql::tests::databases;

    #[tokio::test]
    async fn the_newest_entries_are_kept_a_while() {
        for (_kept, database) in databases().await {
            let (sign_ins, ana) = (SignIns::on(database), UserId(Uuid::from_u128(1)));
            let day = |number: i64| DateTime::UNIX_EPOCH + Duration::days(20_000 + number);
            let entry = |at, kind| SignIn { at, kind, address: Some("192.0.2.1".into()) };
            sign_ins.note(ana, &entry(day(0), SignInKind::SignedIn)).await.unwrap();
            for _ in 0..KEPT_ENTRIES + 10 {
                sign_ins.note(ana, &entry(day(1), SignInKind::Refused)).await.unwrap();
            }
            let kept = sign_ins.of(ana, None, 1_000).await.unwrap();
            assert_eq!(kept.len(), KEPT_ENTRIES as usize);
            assert!(kept.iter().all(|(_, kept)| *kept == entry(day(1), SignInKind::Refused)));
            let older = sign_ins.of(ana, Some(kept[9].0), 1).await.unwrap();
            assert_eq!(older, kept[10..11]);
            sign_ins.note(ana, &entry(day(100), SignInKind::SignedOut)).await.unwrap();
            assert_eq!(sign_ins.of(ana, None, 1_000).await.unwrap().len(), 1);
            sign_ins.forget(ana).await.unwrap();
            assert_eq!(sign_ins.of(ana, None, 1_000).await.unwrap(), []);
        }
    }
}
