//! The keys of personal data in events. Destroying a key erases its subject and leaves the log as it was.

use std::sync::Arc;

use anyhow::{Context, Result};
use domain::{Encrypted, SubjectKey};
use uuid::Uuid;

use crate::database::{Database, on_engine};
use crate::keyring;
use crate::secrets::{Secrets, ServiceKeys, random, random_id};

/// Seals and opens personal data.
#[derive(Clone)]
pub struct Personal {
    database: Database,
    secrets: Arc<Secrets>,
}

impl Personal {
    pub(crate) fn on(database: Database, secrets: Arc<Secrets>) -> Self {
        Self { database, secrets }
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

    /// Seals a text under a subject's key.
    pub fn seal(&self, key: &SubjectKey, text: &str) -> Encrypted {
        Encrypted::encrypt(key, random(), text)
    }

    /// Opens what was sealed; `None` when its key was destroyed.
    ///
    /// # Errors
    /// When the database fails, or the data was changed.
    pub async fn open(&self, sealed: &Encrypted) -> Result<Option<String>> {
        let Some(key) = self.key(sealed.key_id).await? else { return Ok(None) };
        sealed.decrypt(&key).map(Some).context("sealed data does not fit its key")
    }

    /// The key of a subject; `None` when it was destroyed.
    ///
    /// # Errors
    /// When the database fails, or the key was wrapped under another service secret.
    pub async fn key(&self, id: Uuid) -> Result<Option<SubjectKey>> {
        let wrapped = on_engine!(&self.database, engine => engine.subject_key(id).await?);
        wrapped.map(|wrapped| self.unwrap(id, &wrapped)).transpose()
    }

    /// Destroys a key, and with it everything that was sealed under it. A key that is gone stays gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn destroy(&self, id: Uuid) -> Result<()> {
        on_engine!(&self.database, engine => engine.delete_subject_key(id).await)
    }

    fn wrap(&self, key: &SubjectKey) -> Vec<u8> {
        keyring::wrap(self.secrets.current().wrapping(), key.id.as_bytes(), &key.secret)
    }

    /// A key may still be wrapped under the service secret before, when another process wrote it.
    fn unwrap(&self, id: Uuid, wrapped: &[u8]) -> Result<SubjectKey> {
        let under = |keys: &ServiceKeys| keyring::unwrap(keys.wrapping(), id.as_bytes(), wrapped);
        let secret = under(self.secrets.current()).or_else(|| self.secrets.previous().and_then(under));
        let secret = secret.with_context(|| format!("the subject key {id} does not fit the service secret"))?;
        Ok(SubjectKey { id, secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::tests::databases;

    #[tokio::test]
    async fn destroying_a_key_erases_what_it_sealed() {
        for (_kept, database) in databases().await {
            let personal = personal(database, 'a');
            let (ana, bea) = (personal.create().await.unwrap(), personal.create().await.unwrap());
            let (name, other) = (personal.seal(&ana, "Ana"), personal.seal(&bea, "Bea"));
            assert_eq!(personal.open(&name).await.unwrap().as_deref(), Some("Ana"));
            personal.destroy(ana.id).await.unwrap();
            personal.destroy(ana.id).await.unwrap();
            assert_eq!(personal.open(&name).await.unwrap(), None);
            assert_eq!(personal.open(&other).await.unwrap().as_deref(), Some("Bea"));
        }
    }

    #[tokio::test]
    async fn the_same_text_is_sealed_differently_each_time() {
        for (_kept, database) in databases().await {
            let personal = personal(database, 'a');
            let key = personal.create().await.unwrap();
            assert_ne!(personal.seal(&key, "Ana"), personal.seal(&key, "Ana"));
        }
    }

    #[tokio::test]
    async fn a_key_does_not_open_under_another_secret_or_id() {
        for (_kept, database) in databases().await {
            let personal_a = personal(database.clone(), 'a');
            let key = personal_a.create().await.unwrap();
            assert!(personal(database, 'b').key(key.id).await.is_err());
            assert!(personal_a.unwrap(Uuid::nil(), &personal_a.wrap(&key)).is_err());
        }
    }

    fn personal(database: Database, letter: char) -> Personal {
        Personal::on(database, Arc::new(Secrets::new(&letter.to_string().repeat(32)).unwrap()))
    }
}
