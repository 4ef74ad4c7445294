//! Problem documents (RFC 9457): the one form of every error that leaves the service.

use std::convert::Infallible;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use commands::{CommandError, CredentialError};
use domain::{CustomerError, DatasetError, Invalid, ReportError, UploadError, UserError};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::outage::is_outage;
use crate::request;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The fact that is also sent as the header `Retry-After`.
pub const RETRY_AFTER: &str = "retry_after_seconds";

/// What went wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// A stable relative URI that names the kind of problem, and is a page about it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, for a person.
    pub detail: String,
    /// The request, to find it in the logs.
    pub request_id: Uuid,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Facts that belong to this kind of problem.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) to the field, or `?name` for a query parameter.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// A kind of problem: its name in the URI, its status, its title and what to do about it.
pub struct Kind {
    /// The last part of the URI.
    pub name: &'static str,
    /// The status it is sent with.
    pub status: StatusCode,
    /// The kind in words.
    pub title: &'static str,
    /// What to do, for the page about it.
    pub advice: &'static str,
}

macro_rules! kinds {
    ($($constant:ident $name:literal $status:ident $title:literal $advice:literal)*) => {
        $(#[doc = $title] pub const $constant: Kind =
            Kind { name: $name, status: StatusCode::$status, title: $title, advice: $advice };)*
        /// All kinds.
        pub const KINDS: &[Kind] = &[$($constant),*];
    };
}

kinds! {
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

impl Kind {
    /// A problem of this kind.
    pub fn because(&self, detail: impl Into<String>) -> Problem {
        Problem {
            kind: format!("/problems/{}", self.name),
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
    pub fn fields(errors: Vec<FieldProblem>) -> Self {
        let detail = errors.iter().map(|error| format!("{}: {}", error.pointer, error.detail)).collect::<Vec<_>>();
        Self { errors, ..INVALID.because(detail.join("; ")) }
    }

    /// A problem with one field; `pointer` as in [`FieldProblem`].
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem { pointer: pointer.into(), detail: detail.into() }])
    }

    /// Adds a fact.
    pub fn with(mut self, name: &str, fact: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), fact.into());
        self
    }

    /// Whether the caller can do something about it.
    pub fn is_refusal(&self) -> bool {
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

/// A failure on our side: the cause is logged, once, here; the answer tells nothing of the inside.
impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        if is_outage(&error) {
            tracing::warn!(request_id = %request::id(), error = format!("{error:#}"), "a server did not answer");
            return UNAVAILABLE
                .because("A part of the service does not answer. It may in a moment.")
                .with(RETRY_AFTER, 2);
        }
        tracing::error!(request_id = %request::id(), error = format!("{error:#}"), "request failed");
        INTERNAL.because("The request could not be completed. Nothing of it was kept half-done.")
    }
}

impl From<CredentialError> for Problem {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Busy => {
                UNAVAILABLE.because("Many people are signing in right now; try again in a moment.").with(RETRY_AFTER, 1)
            }
            CredentialError::Failed(error) => error.into(),
        }
    }
}

impl<E> From<CommandError<E>> for Problem
where
    E: std::error::Error + Into<Problem>,
{
    fn from(error: CommandError<E>) -> Self {
        match error {
            CommandError::Refused(error) => error.into(),
            CommandError::Failed(error) => error.into(),
        }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::field(format!("/{}", invalid.field), invalid.reason)
    }
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Self {
        match error {
            UserError::EmailTaken => EMAIL_TAKEN.because(sentence(&error)),
            UserError::NotFound => NOT_FOUND.because(sentence(&error)),
        }
    }
}

impl From<CustomerError> for Problem {
    fn from(error: CustomerError) -> Self {
        use CustomerError::*;
        match error {
            Invalid(invalid) => invalid.into(),
            NotFound | MemberNotFound | StoreNotFound | ApiKeyNotFound => NOT_FOUND.because(sentence(&error)),
            AlreadyMember | TooManyApiKeys => CONFLICT.because(sentence(&error)),
            LastOwner => LAST_OWNER.because(sentence(&error)),
            KeyReused => KEY_REUSED.because(sentence(&error)),
            Stale => STALE.because(sentence(&error)),
        }
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Invalid(invalid) => invalid.into(),
            UploadError::Empty => Self::field("/file", "the file is empty; send a CSV with a header and rows"),
            UploadError::NotFound => NOT_FOUND.because(sentence(&error)),
        }
    }
}

impl From<DatasetError> for Problem {
    fn from(error: DatasetError) -> Self {
        match error {
            DatasetError::Invalid(invalid) => invalid.into(),
            DatasetError::NotFound | DatasetError::Deleted => NOT_FOUND.because(sentence(&error)),
            DatasetError::Stale => STALE.because(sentence(&error)),
        }
    }
}

impl From<Infallible> for Problem {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Invalid(invalid) => invalid.into(),
            ReportError::NotFound => NOT_FOUND.because(sentence(&error)),
            ReportError::NoData => NO_DATA.because(sentence(&error)),
        }
    }
}

/// An error's text as a sentence for a person.
fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
