//! Access tokens: short-lived JWTs (RFC 7519, HS256) that name a user and a session. Two keys are valid at once while
//! the service secret changes; `kid` tells them apart.

use chrono::{DateTime, Duration, Utc};
use domain::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const ISSUER: &str = "datacore";
const AUDIENCE: &str = "datacore-api";

/// Signs and checks access tokens.
pub(crate) struct Tokens {
    signing: (String, EncodingKey),
    /// By key id; the first is the one that signs.
    checking: Vec<(String, DecodingKey)>,
    life: Duration,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

impl Tokens {
    /// Tokens under a key of 32 bytes that live for some minutes. Those under the previous key are still accepted.
    pub(crate) fn new(key: &[u8; 32], previous: Option<&[u8; 32]>, minutes: u32) -> Self {
        let keys = [Some(key), previous].into_iter().flatten();
        Self {
            signing: (key_id(key), EncodingKey::from_secret(key)),
            checking: keys.map(|key| (key_id(key), DecodingKey::from_secret(key))).collect(),
            life: Duration::minutes(minutes.into()),
        }
    }

    /// A token for a session, and how many seconds it lives.
    ///
    /// # Errors
    /// Never in practice: the claims are plain data.
    pub(crate) fn issue(&self, user: UserId, session: Uuid, now: DateTime<Utc>) -> anyhow::Result<(String, i64)> {
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: user,
            sid: session,
            iat: now.timestamp(),
            exp: (now + self.life).timestamp(),
        };
        let (id, key) = &self.signing;
        let header = Header { kid: Some(id.clone()), ..Header::new(Algorithm::HS256) };
        Ok((jsonwebtoken::encode(&header, &claims, key)?, self.life.num_seconds()))
    }

    /// The user and the session, when the token is ours and alive.
    pub(crate) fn check(&self, token: &str) -> Option<(UserId, Uuid)> {
        let named = jsonwebtoken::decode_header(token).ok()?.kid?;
        let (_, key) = self.checking.iter().find(|(id, _)| *id == named)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
        Some((claims.sub, claims.sid))
    }
}

/// Names a key without telling anything of it.
fn key_id(key: &[u8; 32]) -> String {
    let digest = Sha256::new().chain_update(b"key id").chain_update(key).finalize();
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId(Uuid::from_u128(1));
    const SESSION: Uuid = Uuid::from_u128(2);

    #[test]
    fn accepts_only_its_own_living_tokens() {
        let (tokens, now) = (Tokens::new(&[1; 32], None, 15), crate::http::request::now());
        let (token, seconds) = tokens.issue(USER, SESSION, now).unwrap();
        assert_eq!(seconds, 900);
        assert_eq!(tokens.check(&token), Some((USER, SESSION)));
        assert_eq!(Tokens::new(&[2; 32], None, 15).check(&token), None);
        let (old, _) = tokens.issue(USER, SESSION, now - Duration::minutes(16)).unwrap();
        assert_eq!(tokens.check(&old), None);
    }

    #[test]
    fn accepts_the_key_before_until_it_is_taken_away() {
        let (token, _) = Tokens::new(&[1; 32], None, 15).issue(USER, SESSION, crate::http::request::now()).unwrap();
        assert_eq!(Tokens::new(&[2; 32], Some(&[1; 32]), 15).check(&token), Some((USER, SESSION)));
        assert_eq!(Tokens::new(&[3; 32], Some(&[2; 32]), 15).check(&token), None);
    }

    #[test]
    fn refuses_other_algorithms_audiences_issuers_and_keys() {
        let tokens = Tokens::new(&[1; 32], None, 15);
        let exp = crate::http::request::now().timestamp() + 60;
        let claims =
            |iss: &str, aud: &str| Claims { iss: iss.into(), aud: aud.into(), sub: USER, sid: SESSION, iat: 0, exp };
        let signed = |algorithm, kid: Option<&str>, claims: &Claims| {
            let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
            jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&[1; 32])).unwrap()
        };
        let (id, good) = (key_id(&[1; 32]), claims(ISSUER, AUDIENCE));
        assert!(tokens.check(&signed(Algorithm::HS256, Some(&id), &good)).is_some());
        assert!(tokens.check(&signed(Algorithm::HS384, Some(&id), &good)).is_none());
        assert!(tokens.check(&signed(Algorithm::HS256, Some("other"), &good)).is_none());
        assert!(tokens.check(&signed(Algorithm::HS256, None, &good)).is_none());
        assert!(tokens.check(&signed(Algorithm::HS256, Some(&id), &claims(ISSUER, "another-api"))).is_none());
        assert!(tokens.check(&signed(Algorithm::HS256, Some(&id), &claims("someone", AUDIENCE))).is_none());
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiIwIn0.";
        assert!(tokens.check(none).is_none());
    }
}
