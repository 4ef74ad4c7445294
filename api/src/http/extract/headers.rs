//! Conditions and preferences that come as headers.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use uuid::Uuid;

use crate::http::problem::{Problem, STALE};
use crate::http::request;

/// The longest that `Prefer: wait` is honoured.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The version of the resource that the caller has seen (`If-Match`), if it cares.
pub(crate) struct IfMatch(pub(crate) Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(sent) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = sent.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
        // A tag that we never gave cannot be that of the resource.
        version
            .map(|version| Self(Some(version)))
            .ok_or_else(|| STALE.with_detail("The If-Match header has another ETag."))
    }
}

impl IfMatch {
    /// Refuses when the resource has another version by now.
    ///
    /// # Errors
    /// 412.
    pub(crate) fn check(&self, version: u64) -> Result<(), Problem> {
        match self.0 {
            Some(seen) if seen != version => Err(STALE.with_detail("It was changed since you read it.")),
            _ => Ok(()),
        }
    }
}

/// The key under which a creation may be repeated (`Idempotency-Key`).
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(sent) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = sent.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > 255 {
            return Err(Problem::field("Idempotency-Key", "must be 1 to 255 visible ASCII characters"));
        }
        Ok(Self(Some(key.to_owned())))
    }
}

impl IdempotencyKey {
    /// The id derived from the key, so that a repetition meets the same resource; else a new one.
    pub(crate) fn id<I: From<Uuid>>(&self, of_key: impl FnOnce(&str) -> I) -> I {
        self.0.as_deref().map_or_else(|| request::new_id().into(), of_key)
    }
}

/// How long the caller wants to wait for the end result (`Prefer: wait=…`, RFC 7240).
pub(crate) struct Prefer {
    /// Seconds, 60 at most.
    pub(crate) wait: Option<Duration>,
}

impl<S: Send + Sync> FromRequestParts<S> for Prefer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let preferences = parts.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let wait = preferences
            .flat_map(|value| value.split([',', ';']))
            .find_map(|preference| preference.trim().strip_prefix("wait=")?.trim_matches('"').parse().ok());
        Ok(Self { wait: wait.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT)) })
    }
}
