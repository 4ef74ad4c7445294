//! Why a customer refuses a command.

use crate::validation::Invalid;

/// More keys than this are a mistake.
pub(super) const API_KEYS_MAX: usize = 100;

/// Why something cannot be done to a customer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CustomerError {
    /// There is no such customer, or no longer.
    #[error("there is no such customer")]
    NotFound,
    /// There is no such member.
    #[error("there is no such member")]
    MemberNotFound,
    /// There is no such store, or no longer.
    #[error("there is no such store")]
    StoreNotFound,
    /// There is no such API key, or no longer.
    #[error("there is no such API key")]
    ApiKeyNotFound,
    /// The customer has as many API keys as it may have.
    #[error("a customer has at most {API_KEYS_MAX} API keys; revoke one that is not used any more")]
    TooManyApiKeys,
    /// The user is a member already, with another role.
    #[error("this user is already a member, with another role")]
    AlreadyMember,
    /// A customer needs an owner.
    #[error("the last owner cannot leave or step down; make someone else an owner first")]
    LastOwner,
    /// The id was used for something else, such as a repeated idempotency key with another body.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// Somebody else changed it since the caller looked.
    #[error("it was changed by someone else")]
    Stale,
    /// A field cannot be accepted.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}
