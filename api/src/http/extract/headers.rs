//! Conditions and preferences that come as headers.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};
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

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let says = "The `ETag` of the resource as the caller has seen it: when it has changed since, nothing is done and the \
                    answer is 412. `*`, or no header at all, changes it as it is.";
        vec![header_parameter("If-Match", says, ObjectBuilder::new().pattern(Some(r#"^(\*|"[0-9]{1,19}")$"#)))]
    }
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let says = "Made up by the caller, such as a UUID, so that a request whose answer was lost can be repeated: the same \
                    key by the same user gives the same resource. With another body it is 422 \
                    `/problems/idempotency-key-reused`.";
        let schema = ObjectBuilder::new().min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
        vec![header_parameter("Idempotency-Key", says, schema)]
    }
}

impl IntoParams for Prefer {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let says = "`wait=30` (RFC 7240) waits up to that many seconds, 60 at most, for the end result, and then answers with \
                    it.";
        vec![header_parameter("Prefer", says, ObjectBuilder::new().pattern(Some("^wait=[0-9]{1,2}$")))]
    }
}

/// A header that a request may have, as the documentation has it.
pub(crate) fn header_parameter(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema.schema_type(Type::String)))
        .build()
}
