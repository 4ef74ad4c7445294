//! The leaf hash of an event: what the log promises never to change.

use anyhow::{Context, Result};
use chrono::DateTime;
use domain::{CustomerId, Metadata, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// An event exactly as it is stored. Its fields are what the leaf hash covers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StoredEvent {
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: u64,
    pub event_type: String,
    pub event_version: String,
    pub payload: Value,
    pub metadata: Value,
    pub recorded_at: String,
}

/// What the log keeps of an event beside its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// RFC 6962 section 2.1: SHA-256 of a zero byte and the entry. The entry is the event as canonical JSON (RFC 8785).
    pub hash: [u8; 32],
    /// Whose events it is listed with.
    pub customer_id: Option<CustomerId>,
}

impl StoredEvent {
    /// The leaf of this event.
    pub(crate) fn leaf(&self) -> Result<Leaf> {
        let entry = serde_json_canonicalizer::to_vec(self).context("writing an event as canonical JSON")?;
        let hash = Sha256::new().chain_update([0]).chain_update(entry).finalize().into();
        Ok(Leaf { hash, customer_id: self.metadata()?.customer_id })
    }

    /// The event in its place.
    pub(crate) fn at(self, position: u64) -> Result<Recorded> {
        let metadata = self.metadata()?;
        let recorded_at = DateTime::parse_from_rfc3339(&self.recorded_at);
        Ok(Recorded {
            position,
            aggregate_id: self.aggregate_id.parse().with_context(|| format!("reading the id at {position}"))?,
            aggregate_type: self.aggregate_type,
            sequence: self.sequence,
            event_type: self.event_type,
            event_version: self.event_version,
            payload: self.payload,
            metadata,
            recorded_at: recorded_at.with_context(|| format!("reading the time at {position}"))?.to_utc(),
        })
    }

    fn metadata(&self) -> Result<Metadata> {
        let of = || format!("reading the metadata of {} {}", self.aggregate_type, self.aggregate_id);
        Metadata::deserialize(&self.metadata).with_context(of)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The expected value comes from another implementation: Python's hashlib over its sorted, compact JSON.
    #[test]
    fn the_hash_never_changes() {
        let hex: String = event().leaf().unwrap().hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "25e0222bc2c700dae1e34b8f1072620c909a0e0605462020db7b9ba2b30a0bd0");
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let mut other = event();
        other.payload = serde_json::from_str(r#"{"Bought": {"price": 2.5, "pieces": 3}}"#).unwrap();
        assert_eq!(other.leaf().unwrap(), event().leaf().unwrap());
    }

    #[test]
    fn every_field_matters() {
        let changed: [fn(&mut StoredEvent); 8] = [
            |event| event.aggregate_type.push('x'),
            |event| event.aggregate_id.push('x'),
            |event| event.sequence += 1,
            |event| event.event_type.push('x'),
            |event| event.event_version.push('x'),
            |event| event.payload["Bought"]["pieces"] = json!(4),
            |event| event.metadata["actor"] = json!("user:2"),
            |event| event.recorded_at.push('x'),
        ];
        for change in changed {
            let mut other = event();
            change(&mut other);
            assert_ne!(other.leaf().unwrap().hash, event().leaf().unwrap().hash, "{other:?}");
        }
    }

    fn event() -> StoredEvent {
        StoredEvent {
            aggregate_type: "Till".into(),
            aggregate_id: "00000000-0000-0000-0000-000000000001".into(),
            sequence: 1,
            event_type: "Bought".into(),
            event_version: "1".into(),
            payload: json!({"Bought": {"pieces": 3, "price": 2.5}}),
            metadata: json!({"actor": "user:1", "correlation_id": "00000000-0000-0000-0000-000000000002"}),
            recorded_at: "2024-02-29T12:00:00.000Z".into(),
        }
    }
}
