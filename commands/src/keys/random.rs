//! What is drawn at random: tokens, keys and ids of what is kept beside the events. Nothing is decided from it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::RngCore;
use rand::rngs::OsRng;
use uuid::Uuid;

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
