//! What the SQL takes and gives: plain data that knows nothing of a database, so that callers and engines can share it.

use chrono::{DateTime, Utc};
use domain::{ApiKeyId, CustomerId, UserId};
use uuid::Uuid;

use crate::event_store::leaf_hash::{Leaf, StoredEvent};

/// Which of a customer's events to read; all that is given must fit.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Events of this name, such as `FileUploaded`.
    pub event_type: Option<String>,
    /// Events of this aggregate.
    pub aggregate_id: Option<Uuid>,
}

/// A row of the log with its event, if the event is there.
pub(crate) struct LogRow {
    pub position: u64,
    pub leaf: Leaf,
    pub event: Option<StoredEvent>,
}

/// What came of looking for events to number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberingRound {
    /// The newest position before it.
    pub head: u64,
    /// How many events have got the positions behind it.
    pub numbered: u64,
    /// Whether there are more that must wait for an older transaction to end.
    pub held_back: bool,
}

/// An event that a consumer could not handle, set aside so that the others go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub consumer: String,
    /// The position of the event.
    pub position: u64,
    /// Why it could not be handled.
    pub error: String,
    /// When it was set aside for the first time.
    pub parked_at: DateTime<Utc>,
}

/// What is stored of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredKeyring {
    /// Recognises the service secret.
    pub tag: Vec<u8>,
    /// The root of the data keys, wrapped; none in a database that was made before it was stored.
    pub wrapped_root: Option<Vec<u8>>,
}

/// How the session is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionKind {
    Api,
    Page,
}

/// A session as it is stored; times are in Unix milliseconds.
pub(crate) struct NewSession {
    pub id: Uuid,
    pub user: UserId,
    pub kind: SessionKind,
    pub token_hash: [u8; 32],
    pub now: i64,
    pub expires_at: i64,
}

/// The exchange of one refresh token for another; times are in Unix milliseconds.
pub(crate) struct TokenExchange {
    pub old_hash: [u8; 32],
    pub new_hash: [u8; 32],
    pub now: i64,
    pub expires_at: i64,
    /// Tokens that were used before this time need not be recognised any more.
    pub forget_before: i64,
}

/// What came of an exchange.
pub(crate) enum TokenExchanged {
    Open(Uuid, UserId),
    Unknown,
    Reused(UserId),
}

/// An API key as it is stored; the time is in Unix milliseconds.
pub(crate) struct StoredApiKey {
    pub id: ApiKeyId,
    pub customer: CustomerId,
    pub last_used_at: Option<i64>,
}

/// Which sign-ins of a user are kept when another comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignInsKept {
    /// Those from this time on, in Unix milliseconds;
    pub since: i64,
    /// of them the newest, and no more than so many.
    pub entries: i64,
}
