//! Ids that carry identity: one type each, so that a store's id cannot stand where a user's belongs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The namespace of every id that DataCore derives (UUIDv5, RFC 9562).
const NAMESPACE: Uuid = Uuid::from_u128(0x8d7f_1c52_3b0a_4e6f_9a41_dac0_4e00_0001);

/// Derives an id from the parts that make the thing what it is. Each part is preceded by its length,
/// so no two lists of parts read the same.
fn derive(kind: &str, parts: &[&[u8]]) -> Uuid {
    let mut name = kind.as_bytes().to_vec();
    for part in parts {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part);
    }
    Uuid::new_v5(&NAMESPACE, &name)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// A person who signs in: derived from a keyed hash of the e-mail address.
    UserId
}
id! {
    /// A company that is our client.
    CustomerId
}
id! {
    /// A retail store of a customer.
    StoreId
}
id! {
    /// One content that a customer uploaded: derived from the customer and the SHA-256 of the bytes.
    UploadId
}
id! {
    /// The dataframe made from one generation of an upload.
    DatasetId
}
id! {
    /// One question about some datasets: derived from the datasets and the parameters.
    ReportId
}

id! {
    /// A key that lets a program act for a customer.
    ApiKeyId
}

impl UserId {
    /// The user who owns an e-mail address, given the keyed hash of its normalised form.
    pub fn of_email_hash(hash: &[u8]) -> Self {
        Self(derive("user", &[hash]))
    }
}

impl CustomerId {
    /// The customer that a user registers under an idempotency key.
    pub fn of_key(user: UserId, key: &str) -> Self {
        Self(derive("customer", &[user.0.as_bytes(), key.as_bytes()]))
    }
}

impl ApiKeyId {
    /// The key that a user creates for a customer under an idempotency key.
    pub fn of_key(customer: CustomerId, user: UserId, key: &str) -> Self {
        Self(derive("api key", &[customer.0.as_bytes(), user.0.as_bytes(), key.as_bytes()]))
    }
}

impl StoreId {
    /// The store that a user opens for a customer under an idempotency key.
    pub fn of_key(customer: CustomerId, user: UserId, key: &str) -> Self {
        Self(derive("store", &[customer.0.as_bytes(), user.0.as_bytes(), key.as_bytes()]))
    }
}

impl UploadId {
    /// The upload of a content by a customer; `sha256` is the digest of the bytes.
    pub fn of_content(customer: CustomerId, sha256: &[u8; 32]) -> Self {
        Self(derive("upload", &[customer.0.as_bytes(), sha256]))
    }
}

impl DatasetId {
    /// The dataset of an upload; a content that was deleted and came again is a new generation.
    pub fn of_upload(upload: UploadId, generation: u32) -> Self {
        Self(derive("dataset", &[upload.0.as_bytes(), &generation.to_be_bytes()]))
    }
}

impl ReportId {
    /// The report of a specification; `spec` is its canonical JSON.
    pub fn of_spec(customer: CustomerId, spec: &[u8]) -> Self {
        Self(derive("report", &[customer.0.as_bytes(), spec]))
    }
}

/// The id of an event: derived from its key, so that every delivery of it carries the same one.
pub(crate) fn event_id(aggregate_type: &str, aggregate_id: Uuid, sequence: u64) -> Uuid {
    derive("event", &[aggregate_type.as_bytes(), aggregate_id.as_bytes(), &sequence.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        assert_ne!(derive("x", &[b"ab", b"c"]), derive("x", &[b"a", b"bc"]));
    }

    #[test]
    fn ids_never_change() {
        let customer = CustomerId(Uuid::from_u128(1));
        let upload = UploadId::of_content(customer, &[7; 32]);
        assert_eq!(upload.to_string(), "c1aab681-a3a8-5add-aaf5-942a2982fa12");
        assert_eq!(DatasetId::of_upload(upload, 1).to_string(), "72df5774-ef2b-59b7-8475-4d4e6499bb8f");
        assert_eq!(ReportId::of_spec(customer, b"{}").to_string(), "b1d2397d-e7c0-5073-8362-293dec970ae0");
    }
}
