//! What the database keeps of the keys: a tag that recognises the service secret, and the root of the keys that
//! outlive it, wrapped. A new service secret wraps everything anew, in one transaction.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use anyhow::{Context, Result, bail};
use uuid::Uuid;

use super::random::random;
use super::service_keys::{RotatingKeys, ServiceKeys};
use crate::sql::database::{Database, on_engine};
use crate::sql::rows::StoredKeyring;

const NONCE_BYTES: usize = 12;
/// Is authenticated with the wrapped root, so that no other wrapped key passes for it.
const ROOT: &[u8] = b"root of the data keys";

/// Reads the stored root into the service_keys, after drawing it for new data or wrapping it under a new service secret.
///
/// # Errors
/// When the data was written under a service secret that is neither the current nor the previous one.
pub(crate) async fn open(database: &Database, service_keys: &mut ServiceKeys) -> Result<()> {
    let root = match load(database).await? {
        None => draw(database, service_keys).await?,
        Some(stored) => unwrap_root(service_keys, &stored)?,
    };
    service_keys.take_root(&root);
    settle(database, service_keys, &root).await
}

/// The root of new data. Another process may draw one at the same moment; the first counts.
async fn draw(database: &Database, service_keys: &ServiceKeys) -> Result<[u8; 32]> {
    let drawn = keyring(service_keys.current(), &random());
    on_engine!(database, engine => engine.insert_keyring(&drawn).await?);
    unwrap_root(service_keys, &load(database).await?.context("the service secret was not stored")?)
}

fn unwrap_root(service_keys: &ServiceKeys, stored: &StoredKeyring) -> Result<[u8; 32]> {
    let mut known = [Some(service_keys.current()), service_keys.previous()].into_iter().flatten();
    let Some(keys) = known.find(|keys| keys.tag()[..] == stored.tag) else {
        bail!(
            "the secret key is not the one that this data was written with; put the old one back, or give it as the \
             previous one, or start with new data"
        );
    };
    match &stored.wrapped_root {
        Some(wrapped) => unwrap(keys.wrapping(), ROOT, wrapped).context("the stored root of the keys was changed"),
        None => Ok(*keys.root()),
    }
}

/// Wraps under the current secret what is not yet. Repeats itself at each start while a previous secret is given, because
/// a process that still runs with that one may have wrapped more keys.
async fn settle(database: &Database, service_keys: &ServiceKeys, root: &[u8; 32]) -> Result<()> {
    let stored = load(database).await?;
    let settled =
        stored.is_some_and(|stored| stored.tag == service_keys.current().tag() && stored.wrapped_root.is_some());
    if settled && service_keys.previous().is_none() {
        return Ok(());
    }
    let wanted = keyring(service_keys.current(), root);
    let rewrap = |id: Uuid, wrapped: &[u8]| rewrapped(service_keys, id, wrapped);
    let count = on_engine!(database, engine => engine.rewrap(&wanted, rewrap).await?);
    if count > 0 {
        tracing::info!(keys = count, "wrapped the keys of personal data under the new secret key");
    }
    Ok(())
}

/// A subject key under the current secret, unless it is already.
fn rewrapped(service_keys: &ServiceKeys, id: Uuid, wrapped: &[u8]) -> Result<Option<Vec<u8>>> {
    let current = service_keys.current().wrapping();
    if unwrap(current, id.as_bytes(), wrapped).is_some() {
        return Ok(None);
    }
    let key = service_keys.previous().and_then(|previous| unwrap(previous.wrapping(), id.as_bytes(), wrapped));
    let key = key.with_context(|| format!("the subject key {id} fits neither the secret key nor the previous one"))?;
    Ok(Some(wrap(current, id.as_bytes(), &key)))
}

fn keyring(keys: &RotatingKeys, root: &[u8; 32]) -> StoredKeyring {
    StoredKeyring { tag: keys.tag().into(), wrapped_root: Some(wrap(keys.wrapping(), ROOT, root)) }
}

async fn load(database: &Database) -> Result<Option<StoredKeyring>> {
    on_engine!(database, engine => engine.keyring().await)
}

/// Nonce, ciphertext and tag of a key under another (AES-256-GCM); the name is authenticated with it.
pub(crate) fn wrap(wrapping: &[u8; 32], name: &[u8], key: &[u8; 32]) -> Vec<u8> {
    let nonce: [u8; NONCE_BYTES] = random();
    let ciphertext = cipher(wrapping).encrypt(&Nonce::from(nonce), Payload { msg: key, aad: name });
    [&nonce[..], &ciphertext.expect("AES-GCM takes any text shorter than 64 GiB")].concat()
}

/// The key that was wrapped; `None` when it was under another key or name, or was changed.
pub(crate) fn unwrap(wrapping: &[u8; 32], name: &[u8], wrapped: &[u8]) -> Option<[u8; 32]> {
    let (nonce, ciphertext) = wrapped.split_first_chunk::<NONCE_BYTES>()?;
    let key = cipher(wrapping).decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: name }).ok()?;
    key.try_into().ok()
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(&(*key).into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::keys::subject_keys::SubjectKeys;
    use crate::sql::tests::databases;

    #[tokio::test]
    async fn data_of_another_secret_is_refused() {
        for (_kept, database) in databases().await {
            opened(&database, 'a', None).await.unwrap();
            opened(&database, 'a', None).await.unwrap();
            let error = opened(&database, 'b', None).await.unwrap_err();
            assert!(error.to_string().starts_with("the secret key is not the one"), "{error}");
            assert!(opened(&database, 'b', Some('c')).await.is_err());
        }
    }

    #[tokio::test]
    async fn a_new_secret_keeps_addresses_sessions_and_personal_data() {
        for (_kept, database) in databases().await {
            let old = Arc::new(opened(&database, 'a', None).await.unwrap());
            let subject_keys = SubjectKeys::on(database.clone(), old.clone());
            let name = subject_keys.encrypt(&subject_keys.create().await.unwrap(), "Ana");

            let both = Arc::new(opened(&database, 'b', Some('a')).await.unwrap());
            assert_eq!(both.user_id("ana@example.com"), old.user_id("ana@example.com"));
            assert_eq!(both.token_hash("token"), old.token_hash("token"));
            // A process that was not yet restarted takes in one more person.
            let late = subject_keys.encrypt(&subject_keys.create().await.unwrap(), "Eva");
            let both = SubjectKeys::on(database.clone(), both);
            assert_eq!(both.decrypt(&late).await.unwrap().as_deref(), Some("Eva"));
            opened(&database, 'b', Some('a')).await.unwrap();

            let new = Arc::new(opened(&database, 'b', None).await.unwrap());
            assert_eq!(new.user_id("ana@example.com"), old.user_id("ana@example.com"));
            let subject_keys = SubjectKeys::on(database.clone(), new);
            assert_eq!(subject_keys.decrypt(&name).await.unwrap().as_deref(), Some("Ana"));
            assert_eq!(subject_keys.decrypt(&late).await.unwrap().as_deref(), Some("Eva"));
            assert!(opened(&database, 'a', None).await.is_err());
        }
    }

    #[tokio::test]
    async fn data_from_before_the_root_was_stored_keeps_its_keys() {
        for (_kept, database) in databases().await {
            let secrets = secrets('a', None);
            let legacy = StoredKeyring { tag: secrets.current().tag().into(), wrapped_root: None };
            on_engine!(&database, engine => engine.insert_keyring(&legacy).await.unwrap());
            let rotated = opened(&database, 'b', Some('a')).await.unwrap();
            assert_eq!(rotated.user_id("ana@example.com"), secrets.user_id("ana@example.com"));
            let later = opened(&database, 'b', None).await.unwrap();
            assert_eq!(later.user_id("ana@example.com"), secrets.user_id("ana@example.com"));
        }
    }

    #[tokio::test]
    async fn of_two_who_open_new_data_at_once_both_get_the_same_keys() {
        for (_kept, database) in databases().await {
            let both = tokio::join!(opened(&database, 'a', None), opened(&database, 'a', None));
            assert_eq!(both.0.unwrap().user_id("ana@example.com"), both.1.unwrap().user_id("ana@example.com"));
        }
    }

    #[test]
    fn a_wrapped_key_opens_only_under_its_key_and_name() {
        let wrapped = wrap(&[1; 32], b"name", &[7; 32]);
        assert_eq!(unwrap(&[1; 32], b"name", &wrapped), Some([7; 32]));
        assert_eq!(unwrap(&[2; 32], b"name", &wrapped), None);
        assert_eq!(unwrap(&[1; 32], b"other", &wrapped), None);
        assert_eq!(unwrap(&[1; 32], b"name", &wrapped[..20]), None);
    }

    async fn opened(database: &Database, letter: char, previous: Option<char>) -> Result<ServiceKeys> {
        let mut secrets = secrets(letter, previous);
        open(database, &mut secrets).await.map(|()| secrets)
    }

    fn secrets(letter: char, previous: Option<char>) -> ServiceKeys {
        let secret = |letter: char| letter.to_string().repeat(32);
        ServiceKeys::rotated(&secret(letter), previous.map(secret).as_deref()).unwrap()
    }
}
