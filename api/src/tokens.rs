//! Access tokens: short-lived JWTs (RFC 7519, HS256) that name a user and a session.

use chrono::{DateTime, Duration, Utc};
use domain::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "datacore";
const AUDIENCE: &str = "datacore-api";

/// Signs and checks access tokens.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
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
    /// Tokens under a key of 32 bytes that live for some minutes.
    pub fn new(key: &[u8; 32], minutes: u32) -> Self {
        let life = Duration::minutes(minutes.into());
        Self { signing: EncodingKey::from_secret(key), checking: DecodingKey::from_secret(key), life }
    }

    /// A token for a session, and how many seconds it lives.
    ///
    /// # Errors
    /// Never in practice: the claims are plain data.
    pub fn issue(&self, user: UserId, session: Uuid, now: DateTime<Utc>) -> anyhow::Result<(String, i64)> {
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: user,
            sid: session,
            iat: now.timestamp(),
            exp: (now + self.life).timestamp(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)?;
        Ok((token, self.life.num_seconds()))
    }

    /// The user and the session, when the token is ours and alive.
    pub fn check(&self, token: &str) -> Option<(UserId, Uuid)> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &validation).ok()?.claims;
        Some((claims.sub, claims.sid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_its_own_living_tokens() {
        let tokens = Tokens::new(&[1; 32], 15);
        let (user, session, now) = (UserId(Uuid::from_u128(1)), Uuid::from_u128(2), crate::request::now());
        let (token, seconds) = tokens.issue(user, session, now).unwrap();
        assert_eq!(seconds, 900);
        assert_eq!(tokens.check(&token), Some((user, session)));
        assert_eq!(Tokens::new(&[2; 32], 15).check(&token), None);
        let (old, _) = tokens.issue(user, session, now - Duration::minutes(16)).unwrap();
        assert_eq!(tokens.check(&old), None);
    }

    #[test]
    fn refuses_a_token_without_a_signature() {
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiIwIn0.";
        assert_eq!(Tokens::new(&[1; 32], 15).check(none), None);
    }
}
