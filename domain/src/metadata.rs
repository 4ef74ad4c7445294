//! What every event carries beside its facts: who, why and for whom.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ApiKeyId, CustomerId, UserId};

/// Who caused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person who was signed in.
    User(UserId),
    /// A program, with a key of a customer.
    ApiKey(ApiKeyId),
    /// A part of DataCore that reacted to an earlier event, such as `ingest`.
    Consumer(&'static str),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::ApiKey(id) => write!(f, "api_key:{id}"),
            Self::Consumer(name) => write!(f, "consumer:{name}"),
        }
    }
}

/// The metadata of an event as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Who caused it: `user:<id>`, `api_key:<id>` or `consumer:<name>`.
    pub actor: String,
    /// The customer that the event belongs to; a user's own events have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The request that all of this began with.
    pub correlation_id: Uuid,
    /// The event that this one reacts to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
}

impl Metadata {
    /// For what a request of a user causes.
    pub fn of_request(actor: Actor, customer_id: Option<CustomerId>, correlation_id: Uuid) -> Self {
        Self { actor: actor.to_string(), customer_id, correlation_id, causation_id: None }
    }

    /// As the string map that cqrs-es stores.
    pub fn to_map(&self) -> HashMap<String, String> {
        let optional = [
            ("customer_id", self.customer_id.map(|id| id.to_string())),
            ("causation_id", self.causation_id.map(|id| id.to_string())),
        ];
        [("actor", Some(self.actor.clone())), ("correlation_id", Some(self.correlation_id.to_string()))]
            .into_iter()
            .chain(optional)
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}
