//! The keys of the service. None is ever used for two purposes, and none is ever printed.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use domain::UserId;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret_file;

/// The shortest service secret that is accepted, in characters.
const SECRET_MIN_CHARS: usize = 32;

/// Keys derived with HKDF-SHA256 (RFC 5869), one for each purpose.
pub struct ServiceKeys {
    current: RotatingKeys,
    /// Still accepted, never used for anything new.
    previous: Option<RotatingKeys>,
    data: DataKeys,
}

/// The keys that change with the service secret.
pub(crate) struct RotatingKeys {
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

impl ServiceKeys {
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
        let current = RotatingKeys::of(secret)?;
        let previous = previous.map(RotatingKeys::of).transpose().context("the previous secret key")?;
        Ok(Self { data: DataKeys::of(&current.root), current, previous })
    }

    /// The keys of the secret in a file, which is drawn at random and written (mode 0600) when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds too short a secret.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        let (secret, previous) = secret_file::load_or_create(path)?;
        Self::rotated(&secret, previous.as_deref()).with_context(|| format!("in {}", path.display()))
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
    pub(crate) fn current(&self) -> &RotatingKeys {
        &self.current
    }

    /// What the service secret before gave, while it is accepted.
    pub(crate) fn previous(&self) -> Option<&RotatingKeys> {
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

impl RotatingKeys {
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

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKeys").finish_non_exhaustive()
    }
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

#[cfg(test)]
mod tests;
