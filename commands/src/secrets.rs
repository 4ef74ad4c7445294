//! The keys of the service. None is ever used for two purposes, and none is ever printed.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

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

/// The shortest service secret that is accepted, in characters.
const SECRET_MIN_CHARS: usize = 32;

/// Keys derived with HKDF-SHA256 (RFC 5869), one for each purpose.
pub struct Secrets {
    current: ServiceKeys,
    /// Still accepted, never used for anything new.
    previous: Option<ServiceKeys>,
    data: DataKeys,
}

/// The keys that change with the service secret.
pub(crate) struct ServiceKeys {
    access_token: [u8; 32],
    wrapping: [u8; 32],
    check: [u8; 32],
    /// The root of the data keys of databases that were made before the root was stored.
    root: [u8; 32],
}

/// The keys that outlive a service secret: what they hashed is found again by them alone. Their root is stored,
/// wrapped under the service secret.
struct DataKeys {
    email: [u8; 32],
    session_token: [u8; 32],
    request: [u8; 32],
    api_key: [u8; 32],
}

impl Secrets {
    /// The keys of a service secret.
    ///
    /// # Errors
    /// When the secret has fewer than 32 characters.
    pub fn new(secret: &str) -> Result<Self> {
        Self::rotated(secret, None)
    }

    /// The keys of a service secret that took the place of another one, which is accepted a while longer.
    ///
    /// # Errors
    /// When one of them has fewer than 32 characters.
    pub fn rotated(secret: &str, previous: Option<&str>) -> Result<Self> {
        let current = ServiceKeys::of(secret)?;
        let previous = previous.map(ServiceKeys::of).transpose().context("the previous secret key")?;
        Ok(Self { data: DataKeys::of(&current.root), current, previous })
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
        let previous = std::fs::read_to_string(previous_of(path)).ok();
        let previous = previous.as_deref().map(str::trim).filter(|previous| *previous != secret.trim());
        Self::rotated(secret.trim(), previous).with_context(|| format!("in {}", path.display()))
    }

    /// Puts a new secret into a file; the old one stays beside it, with `_previous` at the end of the name. May be
    /// cut off anywhere: the file always holds the old or the new secret, and the old one is never lost.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be written.
    pub fn rotate_file(path: &Path) -> Result<()> {
        let old =
            std::fs::read_to_string(path).with_context(|| format!("reading the secret key {}", path.display()))?;
        replace(&previous_of(path), old.trim())?;
        replace(path, &random_token())
    }

    /// The user who owns an e-mail address, however it is spelled in case and surrounding space.
    pub fn user_id(&self, email: &str) -> UserId {
        UserId::of_email_hash(&keyed_hash(&self.data.email, &[email.trim().to_lowercase().as_bytes()]))
    }

    /// The key that signs access tokens, and the one that did before the secret changed.
    pub fn token_keys(&self) -> ([u8; 32], Option<[u8; 32]>) {
        (self.current.access_token, self.previous.as_ref().map(|keys| keys.access_token))
    }

    /// What an event keeps of an idempotency key: the same for the same owner and key, and tells neither.
    pub fn request_tag(&self, owner: &str, key: &str) -> String {
        let hash = keyed_hash(&self.data.request, &[owner.as_bytes(), key.as_bytes()]);
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What the service secret gives.
    pub(crate) fn current(&self) -> &ServiceKeys {
        &self.current
    }

    /// What the service secret before gave, while it is accepted.
    pub(crate) fn previous(&self) -> Option<&ServiceKeys> {
        self.previous.as_ref()
    }

    /// Takes the data keys of a stored root.
    pub(crate) fn take_root(&mut self, root: &[u8; 32]) {
        self.data = DataKeys::of(root);
    }

    /// What is stored of a token of a session.
    pub(crate) fn token_hash(&self, token: &str) -> [u8; 32] {
        keyed_hash(&self.data.session_token, &[token.as_bytes()])
    }

    /// What is stored of an API key.
    pub(crate) fn api_key_hash(&self, token: &str) -> [u8; 32] {
        keyed_hash(&self.data.api_key, &[token.as_bytes()])
    }

    /// What is stored of a request, which may hold a password.
    pub(crate) fn fingerprint(&self, request: &[u8]) -> [u8; 32] {
        keyed_hash(&self.data.request, &[request])
    }
}

impl ServiceKeys {
    fn of(secret: &str) -> Result<Self> {
        let length = secret.chars().count();
        ensure!(
            length >= SECRET_MIN_CHARS,
            "the secret key has {length} characters; it needs at least {SECRET_MIN_CHARS}, drawn at random"
        );
        let (root, keys) = Hkdf::<Sha256>::extract(Some(b"datacore"), secret.as_bytes());
        Ok(Self {
            access_token: expand(&keys, "access token"),
            wrapping: expand(&keys, "subject key wrapping"),
            check: expand(&keys, "secret check"),
            root: root.into(),
        })
    }

    /// The key that wraps other keys.
    pub(crate) fn wrapping(&self) -> &[u8; 32] {
        &self.wrapping
    }

    /// The root of the data keys that this secret alone gives.
    pub(crate) fn root(&self) -> &[u8; 32] {
        &self.root
    }

    /// Stands in the database to recognise the secret.
    pub(crate) fn tag(&self) -> [u8; 32] {
        keyed_hash(&self.check, &[])
    }
}

impl DataKeys {
    fn of(root: &[u8; 32]) -> Self {
        let keys = Hkdf::<Sha256>::from_prk(root).expect("a root is as long as a hash");
        Self {
            email: expand(&keys, "e-mail hash"),
            session_token: expand(&keys, "session token hash"),
            request: expand(&keys, "request fingerprint"),
            api_key: expand(&keys, "API key hash"),
        }
    }
}

fn expand(keys: &Hkdf<Sha256>, purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    keys.expand(purpose.as_bytes(), &mut key).expect("HKDF gives up to 255 times 32 bytes");
    key
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// 256 random bits as base64url (RFC 4648).
pub(crate) fn random_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random::<32>())
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
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

fn previous_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("_previous");
    name.into()
}

/// Writes a new secret. Whoever reads the file sees all of it, and of two who create it one wins for both.
fn create(path: &Path) -> Result<String> {
    let secret = random_token();
    match written(path, &secret)?.persist_noclobber(path) {
        Ok(_) => sync_folder(path)?,
        Err(lost) if lost.error.kind() == ErrorKind::AlreadyExists => return Ok(std::fs::read_to_string(path)?),
        Err(failed) => return Err(failed.into()),
    }
    Ok(secret)
}

fn replace(path: &Path, secret: &str) -> Result<()> {
    written(path, secret)?.persist(path).with_context(|| format!("writing {}", path.display()))?;
    sync_folder(path)
}

/// A temporary file beside the path that holds the secret; it has mode 0600 from the start.
fn written(path: &Path, secret: &str) -> Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().context("the secret key needs a folder")?)?;
    file.write_all(secret.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().context("the secret key needs a folder")?;
    Ok(std::fs::File::open(folder)?.sync_all()?)
}

#[cfg(test)]
mod tests;
