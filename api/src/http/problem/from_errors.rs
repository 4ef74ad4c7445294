//! Which problem each error of the other crates is.

use std::convert::Infallible;

use commands::{CommandError, CredentialError};
use domain::{CustomerError, DatasetError, Invalid, ReportError, UploadError, UserError};

use crate::http::outage::is_outage;
use crate::http::problem::{
    CONFLICT, EMAIL_TAKEN, INTERNAL, KEY_REUSED, LAST_OWNER, NO_DATA, NOT_FOUND, Problem, RETRY_AFTER, STALE,
    UNAVAILABLE,
};
use crate::http::request;

/// A failure on our side: the cause is logged, once, here; the answer tells nothing of the inside.
impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        if is_outage(&error) {
            tracing::warn!(request_id = %request::id(), error = format!("{error:#}"), "a server did not answer");
            return UNAVAILABLE
                .with_detail("A part of the service does not answer. It may in a moment.")
                .with(RETRY_AFTER, 2);
        }
        tracing::error!(request_id = %request::id(), error = format!("{error:#}"), "request failed");
        INTERNAL.with_detail("The request could not be completed. Nothing of it was kept half-done.")
    }
}

impl From<CredentialError> for Problem {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Busy => UNAVAILABLE
                .with_detail("Many people are signing in right now; try again in a moment.")
                .with(RETRY_AFTER, 1),
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
            UserError::EmailTaken => EMAIL_TAKEN.with_detail(sentence(&error)),
            UserError::NotFound => NOT_FOUND.with_detail(sentence(&error)),
        }
    }
}

impl From<CustomerError> for Problem {
    fn from(error: CustomerError) -> Self {
        use CustomerError::*;
        match error {
            Invalid(invalid) => invalid.into(),
            NotFound | MemberNotFound | StoreNotFound | ApiKeyNotFound => NOT_FOUND.with_detail(sentence(&error)),
            AlreadyMember | TooManyApiKeys => CONFLICT.with_detail(sentence(&error)),
            LastOwner => LAST_OWNER.with_detail(sentence(&error)),
            KeyReused => KEY_REUSED.with_detail(sentence(&error)),
            Stale => STALE.with_detail(sentence(&error)),
        }
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Invalid(invalid) => invalid.into(),
            UploadError::Empty => Self::field("/file", "the file is empty; send a CSV with a header and rows"),
            UploadError::NotFound => NOT_FOUND.with_detail(sentence(&error)),
        }
    }
}

impl From<DatasetError> for Problem {
    fn from(error: DatasetError) -> Self {
        match error {
            DatasetError::Invalid(invalid) => invalid.into(),
            DatasetError::NotFound | DatasetError::Deleted => NOT_FOUND.with_detail(sentence(&error)),
            DatasetError::Stale => STALE.with_detail(sentence(&error)),
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
            ReportError::NotFound => NOT_FOUND.with_detail(sentence(&error)),
            ReportError::NoData => NO_DATA.with_detail(sentence(&error)),
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
