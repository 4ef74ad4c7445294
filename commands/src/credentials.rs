//! Passwords, as Argon2id hashes. They stand in no event, so that they can be forgotten.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::database::{Database, on_engine};
use crate::secrets::random_id;

/// The parameters of the OWASP Password Storage Cheat Sheet: memory in KiB, passes, lanes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes computed at the same time, so that a wave of sign-ins takes neither all memory nor all cores.
const AT_ONCE: usize = 2;

/// A hash of the same cost that no password is known for: stands in for a credential that is not there.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IHNpZ25zIGluLg$cXVpdGUgcG9zc2libHkgbm9ib2R5IGtub3dzIHRoaXM";

/// The stored passwords.
#[derive(Clone)]
pub struct Credentials {
    database: Database,
    places: Arc<Semaphore>,
}

impl Credentials {
    pub(crate) fn on(database: Database) -> Self {
        Self { database, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Stores a password and gives the id of the credential. Check it first with [`crate::check_password`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create(&self, password: &str) -> Result<Uuid> {
        let password = password.to_owned();
        let hash = self.work(move || hash(&password)).await??;
        let id = random_id();
        on_engine!(&self.database, engine => engine.insert_credential(id, &hash).await?);
        Ok(id)
    }

    /// Whether a password is the one of a credential. Takes as long when there is no such credential.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify(&self, credential: Option<Uuid>, password: &str) -> Result<bool> {
        let stored = match credential {
            Some(id) => on_engine!(&self.database, engine => engine.credential(id).await?),
            None => None,
        };
        let password = password.to_owned();
        self.work(move || matches(&password, stored.as_deref().unwrap_or(NOBODY))).await?
    }

    /// Forgets a credential; one that is gone stays gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete(&self, credential: Uuid) -> Result<()> {
        on_engine!(&self.database, engine => engine.delete_credential(credential).await)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = self.places.clone().acquire_owned().await?;
        // The place is given back when the work ends, also when nobody waits for it any more.
        let work = move || (work(), drop(place)).0;
        tokio::task::spawn_blocking(work).await.context("hashing a password")
    }
}

fn hash(password: &str) -> Result<String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.as_bytes()).map_err(|error| anyhow!("{error}"))?;
    Ok(hash.to_string())
}

fn matches(password: &str, stored: &str) -> Result<bool> {
    let hash = PasswordHash::new(stored).map_err(|error| anyhow!("a stored password hash is broken: {error}"))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::database::tests::databases;

    #[tokio::test]
    async fn knows_the_password_until_it_is_deleted() {
        for (_kept, database) in databases().await {
            let credentials = Credentials::on(database);
            let id = credentials.create("correct horse").await.unwrap();
            assert!(credentials.verify(Some(id), "correct horse").await.unwrap());
            assert!(!credentials.verify(Some(id), "correct house").await.unwrap());
            credentials.delete(id).await.unwrap();
            assert!(!credentials.verify(Some(id), "correct horse").await.unwrap());
        }
    }

    #[test]
    fn nobody_costs_what_a_real_credential_costs() {
        let parameters = |stored: &str| {
            let hash = PasswordHash::new(stored).unwrap();
            let lengths = (hash.salt.unwrap().as_ref().len(), hash.hash.unwrap().len());
            (hash.algorithm.to_string(), hash.version, Params::try_from(&hash).unwrap(), lengths)
        };
        assert_eq!(parameters(NOBODY), parameters(&hash("correct horse").unwrap()));
    }

    #[tokio::test]
    async fn an_unknown_credential_is_not_told_by_a_quick_answer() {
        for (_kept, database) in databases().await {
            let credentials = Credentials::on(database);
            let known = credentials.create("correct horse").await.unwrap();
            let known = quickest(&credentials, Some(known)).await;
            // A shortcut would be hundreds of times quicker, noise is not.
            assert!(quickest(&credentials, None).await > known / 4);
            assert!(quickest(&credentials, Some(Uuid::nil())).await > known / 4);
        }
    }

    async fn quickest(credentials: &Credentials, id: Option<Uuid>) -> Duration {
        let mut quickest = Duration::MAX;
        for _ in 0..3 {
            let start = Instant::now();
            assert!(!credentials.verify(id, "wrong").await.unwrap());
            quickest = quickest.min(start.elapsed());
        }
        quickest
    }
}
