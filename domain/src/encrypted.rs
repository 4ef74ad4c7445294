//! Personal data in events: ciphertext under a key of its own, so that destroying the key erases the
//! person and leaves the log as it was.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

const NONCE_BYTES: usize = 12;

/// The key of one subject (one registration of a user).
#[derive(Clone)]
pub struct SubjectKey {
    /// Names the key; stands in everything encrypted with it.
    pub id: Uuid,
    /// AES-256 key material.
    pub secret: [u8; 32],
}

/// A text sealed with AES-256-GCM under a subject's key; the key's id is authenticated with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Sealed)]
pub struct Encrypted {
    /// The key that opens it.
    pub key_id: Uuid,
    /// Nonce (12 bytes), ciphertext and tag, in hexadecimal.
    pub data: String,
}

impl Encrypted {
    /// Encrypts a text. The nonce must never be used twice with the same key: draw it at random.
    pub fn encrypt(key: &SubjectKey, nonce: [u8; NONCE_BYTES], text: &str) -> Self {
        let message = aes_gcm::aead::Payload { msg: text.as_bytes(), aad: key.id.as_bytes() };
        let ciphertext =
            cipher(key).encrypt(&Nonce::from(nonce), message).expect("AES-GCM takes any text shorter than 64 GiB");
        Self { key_id: key.id, data: to_hex(&[&nonce[..], &ciphertext].concat()) }
    }

    /// The text; `None` when the key is another one or the data was changed.
    pub fn decrypt(&self, key: &SubjectKey) -> Option<String> {
        let data = from_hex(&self.data)?;
        let (nonce, ciphertext) = data.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let message = aes_gcm::aead::Payload { msg: ciphertext, aad: self.key_id.as_bytes() };
        let text = cipher(key).decrypt(&Nonce::from(nonce), message).ok()?;
        String::from_utf8(text).ok()
    }
}

fn cipher(key: &SubjectKey) -> Aes256Gcm {
    Aes256Gcm::new(&key.secret.into())
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.len() % 2 == 1 {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SubjectKey {
        SubjectKey { id: Uuid::from_u128(1), secret: [byte; 32] }
    }

    #[test]
    fn decrypts_what_it_encrypted() {
        let encrypted = Encrypted::encrypt(&key(1), [9; 12], "Ana Müller");
        assert_eq!(encrypted.decrypt(&key(1)).as_deref(), Some("Ana Müller"));
    }

    #[test]
    fn stays_closed_for_another_key_or_changed_data() {
        let mut encrypted = Encrypted::encrypt(&key(1), [9; 12], "Ana");
        assert_eq!(encrypted.decrypt(&key(2)), None);
        encrypted.data.replace_range(30..32, if &encrypted.data[30..32] == "00" { "01" } else { "00" });
        assert_eq!(encrypted.decrypt(&key(1)), None);
    }
}
