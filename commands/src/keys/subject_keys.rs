//! The keys of personal data in events. Destroying a key erases its subject and leaves the log as it was.

use std::sync::Arc;

use anyhow::{Context, Result};
use domain::{Encrypted, SubjectKey};
use uuid::Uuid;

use super::keyring;
use super::random::{random, random_id};
use super::service_keys::{RotatingKeys, ServiceKeys};
use crate::sql::database::{Database, on_engine};

/// Encrypts and decrypts personal data.
#[derive(Clone)]
pub struct SubjectKeys {
    database: Database,
    service_keys: Arc<ServiceKeys>,
}

impl SubjectKeys {
    pub(crate) fn on(database: Database, service_keys: Arc<ServiceKeys>) -> Self {
        Self { database, service_keys }
    }

    /// Draws a key for a new subject and stores it, wrapped under the service secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create(&self) -> Result<SubjectKey> {
        let key = SubjectKey { id: random_id(), secret: random() };
        let wrapped = self.wrap(&key);
        on_engine!(&self.database, engine => engine.insert_subject_key(key.id, &wrapped).await?);
        Ok(key)
    }

    /// Encrypts a text under a subject's key.
    pub fn encrypt(&self, key: &SubjectKey, text: &str) -> Encrypted {
        Encrypted::encrypt(key, random(), text)
    }

    /// The text that was encrypted; `None` when its key was destroyed.
    ///
    /// # Errors
    /// When the database fails, or the data was changed.
    pub async fn decrypt(&self, encrypted: &Encrypted) -> Result<Option<String>> {
        let Some(key) = self.key(encrypted.key_id).await? else { return Ok(None) };
        encrypted.decrypt(&key).map(Some).context("encrypted data does not fit its key")
    }

    /// The key of a subject; `None` when it was destroyed.
    ///
    /// # Errors
    /// When the database fails, or the key was wrapped under another service secret.
    pub async fn key(&self, id: Uuid) -> Result<Option<SubjectKey>> {
        let wrapped = on_engine!(&self.database, engine => engine.subject_key(id).await?);
        wrapped.map(|wrapped| self.unwrap(id, &wrapped)).transpose()
    }

    /// Destroys a key, and with it everything that was encrypted under it. A key that is gone stays gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn destroy(&self, id: Uuid) -> Result<()> {
        on_engine!(&self.database, engine => engine.delete_subject_key(id).await)
    }

    fn wrap(&self, key: &SubjectKey) -> Vec<u8> {
        keyring::wrap(self.service_keys.current().wrapping(), key.id.as_bytes(), &key.secret)
    }

    /// A key may still be wrapped under the service secret before, when another process wrote it.
    fn unwrap(&self, id: Uuid, wrapped: &[u8]) -> Result<SubjectKey> {
        let under = |keys: &RotatingKeys| keyring::unwrap(keys.wrapping(), id.as_bytes(), wrapped);
        let secret = under(self.service_keys.current()).or_else(|| self.service_keys.previous().and_then(under));
        let secret = secret.with_context(|| format!("the subject key {id} does not fit the service secret"))?;
        Ok(SubjectKey { id, secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tests::databases;

    #[tokio::test]
    async fn destroying_a_key_erases_what_it_encrypted() {
        for (_kept, database) in databases().await {
            let keys = subject_keys(database, 'a');
            let (ana, bea) = (keys.create().await.unwrap(), keys.create().await.unwrap());
            let (name, other) = (keys.encrypt(&ana, "Ana"), keys.encrypt(&bea, "Bea"));
            assert_eq!(keys.decrypt(&name).await.unwrap().as_deref(), Some("Ana"));
            keys.destroy(ana.id).await.unwrap();
            keys.destroy(ana.id).await.unwrap();
            assert_eq!(keys.decrypt(&name).await.unwrap(), None);
            assert_eq!(keys.decrypt(&other).await.unwrap().as_deref(), Some("Bea"));
        }
    }

    #[tokio::test]
    async fn the_same_text_is_encrypted_differently_each_time() {
        for (_kept, database) in databases().await {
            let keys = subject_keys(database, 'a');
            let key = keys.create().await.unwrap();
            assert_ne!(keys.encrypt(&key, "Ana"), keys.encrypt(&key, "Ana"));
        }
    }

    #[tokio::test]
    async fn a_key_does_not_open_under_another_secret_or_id() {
        for (_kept, database) in databases().await {
            let keys_a = subject_keys(database.clone(), 'a');
            let key = keys_a.create().await.unwrap();
            assert!(subject_keys(database, 'b').key(key.id).await.is_err());
            assert!(keys_a.unwrap(Uuid::nil(), &keys_a.wrap(&key)).is_err());
        }
    }

    fn subject_keys(database: Database, letter: char) -> SubjectKeys {
        SubjectKeys::on(database, Arc::new(ServiceKeys::new(&letter.to_string().repeat(32)).unwrap()))
    }
}
