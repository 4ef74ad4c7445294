//! Passwords, as Argon2id hashes. They stand in no event, so that they can be forgotten.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::keys::random::random_id;
use crate::sql::database::{Database, on_engine};

/// The parameters of the OWASP Password Storage Cheat Sheet: memory in KiB, passes, lanes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes waiting for their turn beyond which a caller is better told to come again.
const WAITING: usize = 64;

/// A hash of the same cost that no password is known for: stands in for a credential that is not there.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IHNpZ25zIGluLg$cXVpdGUgcG9zc2libHkgbm9ib2R5IGtub3dzIHRoaXM";

/// The stored passwords.
#[derive(Clone)]
pub struct Credentials {
    database: Database,
    /// Hashes computed at the same time: half of the cores, so that a wave of sign-ins leaves requests theirs.
    places: Arc<Semaphore>,
    /// Those and the ones that wait.
    queue: Arc<Semaphore>,
}

/// Why a password was neither accepted nor refused.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Too many passwords are being hashed.
    #[error("too many passwords are waiting to be checked")]
    Busy,
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Credentials {
    pub(crate) fn on(database: Database) -> Self {
        let at_once = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        let (places, queue) = (Semaphore::new(at_once), Semaphore::new(at_once + WAITING));
        Self { database, places: Arc::new(places), queue: Arc::new(queue) }
    }

    /// Stores a password and gives the id of the credential. Check it first with [`crate::check_password`].
    ///
    /// # Errors
    /// When too many passwords are waiting, or the database fails.
    pub async fn create(&self, password: &str) -> Result<Uuid, CredentialError> {
        let password = password.to_owned();
        let hash = self.work(move || hash(&password)).await?;
        let id = random_id();
        on_engine!(&self.database, engine => engine.insert_credential(id, &hash).await?);
        Ok(id)
    }

    /// Whether a password is the one of a credential. Takes as long when there is no such credential.
    ///
    /// # Errors
    /// When too many passwords are waiting, or the database fails.
    pub async fn verify(&self, credential: Option<Uuid>, password: &str) -> Result<bool, CredentialError> {
        // No credential has the nil id; asking for it takes what asking for any other takes.
        let stored = self.stored(credential.unwrap_or_default()).await?;
        let (given, compared) = (password.to_owned(), stored.clone());
        let right = self.work(move || matches(&given, compared.as_deref().unwrap_or(NOBODY))).await?;
        if let (true, Some(id), Some(stored)) = (right, credential, stored) {
            self.strengthen(id, &stored, password).await?;
        }
        Ok(right)
    }

    async fn stored(&self, credential: Uuid) -> Result<Option<String>> {
        on_engine!(&self.database, engine => engine.credential(credential).await)
    }

    /// Hashes a password anew that was hashed with weaker parameters. Only the owner's own sign-in takes this time.
    async fn strengthen(&self, credential: Uuid, stored: &str, password: &str) -> Result<(), CredentialError> {
        if is_current(stored) {
            return Ok(());
        }
        let password = password.to_owned();
        let hash = self.work(move || hash(&password)).await?;
        on_engine!(&self.database, engine => engine.replace_credential(credential, stored, &hash).await?);
        Ok(())
    }

    /// Forgets a credential; one that is gone stays gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete(&self, credential: Uuid) -> Result<()> {
        on_engine!(&self.database, engine => engine.delete_credential(credential).await)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T, CredentialError> {
        let queued = self.queue.clone().try_acquire_owned().map_err(|_| CredentialError::Busy)?;
        let place = self.places.clone().acquire_owned().await.context("waiting to hash a password")?;
        // The places are given back when the work ends, also when nobody waits for it any more.
        let work = move || (work(), drop((place, queued))).0;
        Ok(tokio::task::spawn_blocking(work).await.context("hashing a password")??)
    }
}

fn parameters() -> Result<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow!("{error}"))
}

fn hash(password: &str) -> Result<String> {
    hash_with(parameters()?, password)
}

fn hash_with(parameters: Params, password: &str) -> Result<String> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let hash = argon2.hash_password(password.as_bytes()).map_err(|error| anyhow!("{error}"))?;
    Ok(hash.to_string())
}

fn matches(password: &str, stored: &str) -> Result<bool> {
    let hash = PasswordHash::new(stored).map_err(|error| anyhow!("a stored password hash is broken: {error}"))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether a hash was made with the parameters of today.
fn is_current(stored: &str) -> bool {
    let used = PasswordHash::new(stored).ok().and_then(|hash| {
        let parameters = Params::try_from(&hash).ok()?;
        Some((hash.algorithm.to_string(), parameters.m_cost(), parameters.t_cost(), parameters.p_cost()))
    });
    used.is_some_and(|used| used == ("argon2id".to_owned(), MEMORY_KIB, PASSES, LANES))
}

#[cfg(test)]
mod tests;
