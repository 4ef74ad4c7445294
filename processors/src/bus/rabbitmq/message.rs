//! An event as a message: CloudEvents 1.0, structured JSON, with its attributes repeated as headers so that a
//! subscriber can decide without reading the body.

use anyhow::{Context, Result};
use chrono::SecondsFormat;
use domain::Recorded;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::{Map, Value};

/// The media type of the structured mode (CloudEvents, JSON event format, section 3).
const CONTENT_TYPE: &str = "application/cloudevents+json";
/// Says that the broker shall keep the message on disk.
const PERSISTENT: u8 = 2;
/// Where our events come from; together with `id` it names an event for ever.
const SOURCE: &str = "urn:datacore:log";
/// The prefix of attributes in headers (CloudEvents, AMQP binding, section 3.1.3.1).
const HEADER: &str = "cloudEvents_";

/// What a subscriber binds to: `<customer or _>.<aggregate>.<event>.v<version>`.
pub fn routing_key(event: &Recorded) -> String {
    let customer = event.metadata.customer_id.map_or_else(|| "_".to_owned(), |id| id.to_string());
    format!("{customer}.{}.{}.v{}", event.aggregate_type, event.event_type, event.event_version)
}

/// The message of an event.
///
/// # Errors
/// Never in practice: the event came from JSON.
pub fn message(event: &Recorded) -> Result<(BasicProperties, Vec<u8>)> {
    let attributes = attributes(event);
    let properties = BasicProperties::default()
        .with_content_type(CONTENT_TYPE.into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(event.id().to_string().into())
        .with_headers(headers(&attributes));
    let mut body: Map<_, _> = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    body.insert("data".into(), event.data().clone());
    Ok((properties, serde_json::to_vec(&body).context("writing an event as JSON")?))
}

/// CloudEvents' own attributes, and of ours: `position` in the log, `sequence` in the aggregate, who and why.
fn attributes(event: &Recorded) -> Vec<(&'static str, Value)> {
    let Recorded { aggregate_type, aggregate_id, event_type, event_version, metadata, .. } = event;
    let mut attributes = vec![
        ("specversion", "1.0".into()),
        ("id", event.id().to_string().into()),
        ("source", SOURCE.into()),
        ("type", format!("datacore.{aggregate_type}.{event_type}.v{event_version}").into()),
        ("subject", format!("{aggregate_type}/{aggregate_id}").into()),
        ("time", event.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true).into()),
        ("datacontenttype", "application/json".into()),
        ("position", event.position.into()),
        ("sequence", event.sequence.into()),
        ("actor", metadata.actor.as_str().into()),
        ("correlationid", metadata.correlation_id.to_string().into()),
    ];
    attributes.extend(metadata.causation_id.map(|id| ("causationid", id.to_string().into())));
    attributes.extend(metadata.customer_id.map(|id| ("customerid", id.to_string().into())));
    attributes
}

fn headers(attributes: &[(&'static str, Value)]) -> FieldTable {
    let mut headers = FieldTable::default();
    for (name, value) in attributes {
        let value = match value.as_i64() {
            Some(number) => AMQPValue::LongLongInt(number),
            None => AMQPValue::LongString(value.as_str().unwrap_or_default().into()),
        };
        headers.insert(format!("{HEADER}{name}").into(), value);
    }
    headers
}

/// The position that a message is about, when it is one of ours.
pub fn position(properties: &BasicProperties) -> Option<u64> {
    match properties.headers().as_ref()?.inner().get("cloudEvents_position")? {
        AMQPValue::LongLongInt(position) => u64::try_from(*position).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::{CustomerId, Metadata};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_event_is_a_cloud_event_with_its_attributes_as_headers() {
        let event = event();
        assert_eq!(routing_key(&event), "00000000-0000-0000-0000-000000000003.Upload.FileUploaded.v1");
        let (properties, body) = message(&event).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let expected = json!({
            "specversion": "1.0",
            "id": event.id(),
            "source": "urn:datacore:log",
            "type": "datacore.Upload.FileUploaded.v1",
            "subject": "Upload/00000000-0000-0000-0000-000000000001",
            "time": "2026-01-02T03:04:05.000000Z",
            "datacontenttype": "application/json",
            "position": 7,
            "sequence": 1,
            "actor": "user:2",
            "correlationid": "00000000-0000-0000-0000-000000000002",
            "customerid": "00000000-0000-0000-0000-000000000003",
            "data": {"generation": 1},
        });
        assert_eq!(body, expected);
        assert_eq!(properties.message_id().as_ref().unwrap().as_str(), event.id().to_string());
        assert_eq!(properties.content_type().as_ref().unwrap().as_str(), "application/cloudevents+json");
        assert_eq!(position(&properties), Some(7));
        let headers = properties.headers().as_ref().unwrap().inner();
        assert_eq!(headers.len(), expected.as_object().unwrap().len() - 1);
        assert_eq!(headers["cloudEvents_specversion"], AMQPValue::LongString("1.0".into()));
    }

    #[test]
    fn an_event_of_no_customer_is_bound_by_an_underscore() {
        let event = Recorded { metadata: Metadata::default(), ..event() };
        assert_eq!(routing_key(&event), "_.Upload.FileUploaded.v1");
    }

    fn event() -> Recorded {
        Recorded {
            position: 7,
            aggregate_type: "Upload".into(),
            aggregate_id: Uuid::from_u128(1),
            sequence: 1,
            event_type: "FileUploaded".into(),
            event_version: "1".into(),
            payload: json!({"FileUploaded": {"generation": 1}}),
            metadata: Metadata {
                actor: "user:2".into(),
                customer_id: Some(CustomerId(Uuid::from_u128(3))),
                correlation_id: Uuid::from_u128(2),
                causation_id: None,
            },
            recorded_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        }
    }
}
