//! Problem documents (RFC 9457): the one form of every error that leaves the service.

mod from_errors;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::request;

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The fact that is also sent as the header `Retry-After`.
pub(crate) const RETRY_AFTER: &str = "retry_after_seconds";

/// What went wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A stable relative URI that names the kind of problem, and is a page about it.
    #[serde(rename = "type")]
    pub(crate) problem_type: String,
    /// The kind of problem in words.
    pub(crate) title: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What is wrong this time, for a person.
    pub(crate) detail: String,
    /// The request, to find it in the logs.
    pub(crate) request_id: Uuid,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldProblem>,
    /// Facts that belong to this kind of problem.
    #[serde(flatten)]
    pub(crate) facts: Map<String, Value>,
}

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// JSON pointer (RFC 6901) to the field, or `?name` for a query parameter.
    pub(crate) pointer: String,
    /// What is wrong with it.
    pub(crate) detail: String,
}

/// A kind of problem: its name in the URI, its status, its title and what to do about it.
pub(crate) struct ProblemType {
    /// The last part of the URI.
    pub(crate) name: &'static str,
    /// The status it is sent with.
    pub(crate) status: StatusCode,
    /// The kind in words.
    pub(crate) title: &'static str,
    /// What to do, for the page about it.
    pub(crate) advice: &'static str,
}

macro_rules! problem_types {
    ($($constant:ident $name:literal $status:ident $title:literal $advice:literal)*) => {
        $(#[doc = $title] pub(crate) const $constant: ProblemType =
            ProblemType { name: $name, status: StatusCode::$status, title: $title, advice: $advice };)*
        /// All types.
        pub(crate) const PROBLEM_TYPES: &[ProblemType] = &[$($constant),*];
    };
}

problem_types! {
    MALFORMED "malformed-request" BAD_REQUEST "The request cannot be read"
        "Send well-formed JSON, or a well-formed multipart body, with the right content type."
    DIGEST_MISMATCH "digest-mismatch" BAD_REQUEST "The content is not what its digest says"
        "The bytes changed on the way, or the Content-Digest was made of something else. Send it again."
    SIGN_IN_NEEDED "sign-in-needed" UNAUTHORIZED "Sign in first"
        "Get an access token with POST /api/v1/sessions and send it as 'Authorization: Bearer …'."
    WRONG_CREDENTIALS "wrong-credentials" UNAUTHORIZED "E-mail or password is wrong"
        "Check both, or register with POST /api/v1/users."
    FORBIDDEN "forbidden" FORBIDDEN "Your role does not allow this"
        "Ask an owner of the customer for a role that does: owner, analyst or viewer."
    WRONG_ORIGIN "wrong-origin" FORBIDDEN "The request came from another site"
        "A signed-in browser may only change things from DataCore's own pages."
    NOT_FOUND "not-found" NOT_FOUND "There is no such thing"
        "Check the address and the ids. What belongs to a customer is only there for its members."
    METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED "This cannot be done here"
        "The Allow header says what can. /docs lists every endpoint."
    EMAIL_TAKEN "email-taken" CONFLICT "The e-mail address is taken"
        "Sign in, or use another address."
    DUPLICATE_UPLOAD "duplicate-upload" CONFLICT "The customer already has this content"
        "upload_id names the first upload of the same bytes. Delete that one to upload them anew."
    NO_DATA "no-data" CONFLICT "There is no data for a report"
        "Upload a file and wait until its dataset is ready."
    LAST_OWNER "last-owner" CONFLICT "A customer needs an owner"
        "Make someone else an owner first, or delete the customer."
    CONFLICT "conflict" CONFLICT "This does not fit with what is there"
        "Read the resource again and decide anew."
    STALE "stale" PRECONDITION_FAILED "It was changed by someone else"
        "Read the resource again and repeat the change with its new ETag."
    TOO_LARGE "too-large" PAYLOAD_TOO_LARGE "The request is too large"
        "Send less, or raise the limit in the configuration."
    UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "This kind of content cannot be taken"
        "Send text: CSV, optionally compressed with gzip or zstd; JSON for everything else."
    INVALID "invalid-request" UNPROCESSABLE_ENTITY "Some fields cannot be accepted"
        "errors names each field and what is wrong with it."
    KEY_REUSED "idempotency-key-reused" UNPROCESSABLE_ENTITY "The idempotency key was used for another request"
        "Use a new key for a new request, and the same key only for an exact repetition."
    URI_TOO_LONG "uri-too-long" URI_TOO_LONG "The address is too long"
        "Leave query parameters away that are not needed."
    TOO_MANY_REQUESTS "too-many-requests" TOO_MANY_REQUESTS "Too many requests"
        "Come again after the seconds in Retry-After. The header RateLimit says how much is left before that happens."
    INTERNAL "internal" INTERNAL_SERVER_ERROR "Something failed on our side"
        "Try again; if it stays, report the request_id."
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE "The service cannot answer now"
        "Try again in a moment."
}

impl ProblemType {
    /// A problem of this kind.
    pub(crate) fn with_detail(&self, detail: impl Into<String>) -> Problem {
        Problem {
            problem_type: format!("/problems/{}", self.name),
            title: self.title,
            status: self.status.as_u16(),
            detail: detail.into(),
            request_id: request::id(),
            errors: vec![],
            facts: Map::new(),
        }
    }
}

impl Problem {
    /// A problem with fields.
    pub(crate) fn fields(errors: Vec<FieldProblem>) -> Self {
        let detail = errors.iter().map(|error| format!("{}: {}", error.pointer, error.detail)).collect::<Vec<_>>();
        Self { errors, ..INVALID.with_detail(detail.join("; ")) }
    }

    /// A problem with one field; `pointer` as in [`FieldProblem`].
    pub(crate) fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem { pointer: pointer.into(), detail: detail.into() }])
    }

    /// Adds a fact.
    pub(crate) fn with(mut self, name: &str, fact: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), fact.into());
        self
    }

    /// Whether the caller can do something about it.
    pub(crate) fn is_refusal(&self) -> bool {
        self.status < 500
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.facts.get(RETRY_AFTER).and_then(Value::as_u64);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().extend(retry_after.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds))));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
