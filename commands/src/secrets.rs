//! The keys of the service, all derived from one secret. None is ever used for two purposes.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::UserId;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::Sha256;
use uuid::Uuid;

use crate::database::{Database, on_engine};

/// The shortest service secret that is accepted, in characters.
const SECRET_MIN_CHARS: usize = 32;

/// Keys derived from the service secret with HKDF-SHA256 (RFC 5869), one for each purpose.
pub struct Secrets {
    email: [u8; 32],
    access_token: [u8; 32],
    subject_key: [u8; 32],
    session_token: [u8; 32],
    request: [u8; 32],
    check: [u8; 32],
}

impl Secrets {
    /// The keys of a service secret.
    ///
    /// # Errors
    /// When the secret has fewer than 32 characters.
    pub fn new(secret: &str) -> Result<Self> {
        let length = secret.chars().count();
        ensure!(
            length >= SECRET_MIN_CHARS,
            "the secret key has {length} characters; it needs at least {SECRET_MIN_CHARS}, drawn at random"
        );
        let keys = Hkdf::<Sha256>::new(Some(b"datacore"), secret.as_bytes());
        let key = |purpose: &str| {
            let mut key = [0; 32];
            keys.expand(purpose.as_bytes(), &mut key).expect("HKDF gives up to 255 times 32 bytes");
            key
        };
        Ok(Self {
            email: key("e-mail hash"),
            access_token: key("access token"),
            subject_key: key("subject key wrapping"),
            session_token: key("session token hash"),
            request: key("request fingerprint"),
            check: key("secret check"),
        })
    }

    /// The keys of the secret in a file, which is drawn at random and written (mode 0600) when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds too short a secret.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        let secret = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => create(path),
            read => read.map_err(anyhow::Error::from),
        };
        let secret = secret.with_context(|| format!("reading the secret key {}", path.display()))?;
        Self::new(secret.trim()).with_context(|| format!("in {}", path.display()))
    }

    /// The user who owns an e-mail address, however it is spelled in case and surrounding space.
    pub fn user_id(&self, email: &str) -> UserId {
        UserId::of_email_hash(&keyed_hash(&self.email, &[email.trim().to_lowercase().as_bytes()]))
    }

    /// The key that signs access tokens.
    pub fn token_key(&self) -> [u8; 32] {
        self.access_token
    }

    /// What an event keeps of an idempotency key: the same for the same owner and key, and tells neither.
    pub fn request_tag(&self, owner: &str, key: &str) -> String {
        let hash = keyed_hash(&self.request, &[owner.as_bytes(), key.as_bytes()]);
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key that wraps the keys of personal data.
    pub(crate) fn wrapping_key(&self) -> &[u8; 32] {
        &self.subject_key
    }

    /// What is stored of a token of a session.
    pub(crate) fn token_hash(&self, token: &str) -> [u8; 32] {
        keyed_hash(&self.session_token, &[token.as_bytes()])
    }

    /// What is stored of a request, which may hold a password.
    pub(crate) fn fingerprint(&self, request: &[u8]) -> [u8; 32] {
        keyed_hash(&self.request, &[request])
    }

    /// Stands in the database to recognise the secret.
    fn tag(&self) -> [u8; 32] {
        keyed_hash(&self.check, &[])
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// Refuses a database that was written under another service secret: nobody could sign in, nothing be opened.
pub(crate) async fn check_unchanged(database: &Database, secrets: &Secrets) -> Result<()> {
    let tag = secrets.tag();
    let stored = on_engine!(database, engine => engine.secret_tag(&tag).await?);
    ensure!(
        stored == tag,
        "the secret key is not the one that this data was written with; put the old one back, or start with new data"
    );
    Ok(())
}

/// 256 random bits as base64url (RFC 4648).
pub(crate) fn random_token() -> String {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A random id for what is kept beside the events and must not tell anything.
#[expect(clippy::disallowed_methods, reason = "secrets are drawn here, and nothing is decided from their ids")]
pub(crate) fn random_id() -> Uuid {
    Uuid::new_v4()
}

/// HMAC-SHA256 of some parts, each preceded by its length so that they cannot be shifted into each other.
fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into_bytes().into()
}

/// Writes a new secret. Whoever reads the file sees all of it, and of two who create it one wins for both.
fn create(path: &Path) -> Result<String> {
    let folder = path.parent().context("the secret key needs a folder")?;
    let secret = random_token();
    // A named temporary file has mode 0600 from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(secret.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => std::fs::File::open(folder)?.sync_all()?,
        Err(lost) if lost.error.kind() == ErrorKind::AlreadyExists => return Ok(std::fs::read_to_string(path)?),
        Err(failed) => return Err(failed.into()),
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_short_secret() {
        let error = Secrets::new("hunter2").unwrap_err();
        assert_eq!(error.to_string(), "the secret key has 7 characters; it needs at least 32, drawn at random");
    }

    #[test]
    fn an_email_address_is_one_user_however_it_is_spelled() {
        let ana = secrets('a').user_id("ana@example.com");
        assert_eq!(secrets('a').user_id(" Ana@Example.COM "), ana);
        assert_ne!(secrets('a').user_id("ane@example.com"), ana);
        assert_ne!(secrets('b').user_id("ana@example.com"), ana);
    }

    #[test]
    fn every_purpose_has_a_key_of_its_own() {
        let Secrets { email, access_token, subject_key, session_token, request, check } = secrets('a');
        let keys = std::collections::BTreeSet::from([email, access_token, subject_key, session_token, request, check]);
        assert_eq!(keys.len(), 6);
    }

    #[test]
    fn tells_nothing_when_it_is_printed() {
        assert_eq!(format!("{:?}", secrets('a')), "Secrets { .. }");
    }

    #[test]
    fn parts_of_a_request_cannot_be_shifted() {
        assert_ne!(secrets('a').request_tag("ab", "c"), secrets('a').request_tag("a", "bc"));
    }

    #[cfg(unix)]
    #[test]
    fn a_created_secret_is_kept_and_readable_only_by_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret_key");
        let created = Secrets::load_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Secrets::load_or_create(&path).unwrap().token_key(), created.token_key());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn all_who_create_a_secret_at_once_get_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret_key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let create = || Secrets::load_or_create(&path).unwrap().token_key();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[tokio::test]
    async fn data_of_another_secret_is_refused() {
        for (_kept, database) in crate::database::tests::databases().await {
            check_unchanged(&database, &secrets('a')).await.unwrap();
            check_unchanged(&database, &secrets('a')).await.unwrap();
            let error = check_unchanged(&database, &secrets('b')).await.unwrap_err();
            assert!(error.to_string().starts_with("the secret key is not the one"), "{error}");
        }
    }

    fn secrets(letter: char) -> Secrets {
        Secrets::new(&letter.to_string().repeat(32)).unwrap()
    }
}
