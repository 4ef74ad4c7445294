//! The AsyncAPI 3.1 document about the events at RabbitMQ: the exchange, the routing key of each kind of event and the
//! JSON schema of its message. The schemas come from the events themselves, so they say what this program writes.

use std::sync::LazyLock;

use domain::{CustomerEvent, DatasetEvent, NotificationEvent, ReportEvent, UploadEvent, UserEvent};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A union of events: its aggregate, its schema and the named schemas that this refers to.
struct Described {
    aggregate: &'static str,
    union: Value,
    named: Vec<(String, RefOr<Schema>)>,
}

impl Described {
    fn of<E: ToSchema + PartialSchema>(aggregate: &'static str) -> Self {
        let mut named = vec![];
        E::schemas(&mut named);
        Self { aggregate, union: to_json(&E::schema()), named }
    }
}

/// The document. It is JSON, which YAML 1.2 contains.
pub(crate) fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", build()));
    &DOCUMENT
}

fn build() -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    let mut schemas = Map::from_iter([("CloudEvent".to_owned(), cloud_event())]);
    let aggregates = [
        Described::of::<UserEvent>("User"),
        Described::of::<CustomerEvent>("Customer"),
        Described::of::<UploadEvent>("Upload"),
        Described::of::<DatasetEvent>("Dataset"),
        Described::of::<ReportEvent>("Report"),
        Described::of::<NotificationEvent>("Notification"),
    ];
    for Described { aggregate, union, named } in aggregates {
        schemas.extend(named.into_iter().map(|(name, schema)| (name, to_json(&schema))));
        for (event, data, summary) in events(&union) {
            channels.insert(event.clone(), channel(aggregate, &event, &summary));
            operations.insert(format!("receive{event}"), operation(&event));
            messages.insert(event.clone(), message(aggregate, &event, &summary, &data));
        }
    }
    channels.insert("replay".into(), replay(&messages));
    operations.insert("receiveReplay".into(), operation("replay"));
    json!({
        "asyncapi": "3.1.0",
        "info": {
            "title": "DataCore events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Everything that happens is an event, and every event is published to RabbitMQ in the order of \
                the log, at least once: `id` stays the same when one comes again. Bind a queue of your own to the exchange \
                `datacore.events`, or read the stream `datacore.replay` from any offset. A configured prefix takes the place \
                of `datacore`.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    })
}

/// Name, schema of the data and description of each event of a union, as serde writes them: an object with the name as
/// its only field, or the name alone.
fn events(union: &Value) -> Vec<(String, Value, String)> {
    let variants = union["oneOf"].as_array().into_iter().flatten();
    let named = variants.filter_map(|variant| {
        let summary = variant["description"].as_str().unwrap_or_default().to_owned();
        let field = variant["properties"].as_object().and_then(|fields| fields.iter().next());
        let (name, data) = match field {
            Some((name, data)) => (name.as_str(), data.clone()),
            None => (variant["enum"][0].as_str()?, json!({"const": variant["enum"][0]})),
        };
        Some((name.to_owned(), data, summary))
    });
    named.collect()
}

fn channel(aggregate: &str, event: &str, summary: &str) -> Value {
    json!({
        "address": format!("{{customer}}.{aggregate}.{event}.v1"),
        "summary": summary,
        "parameters": {"customer": {"description": "The customer's id; `_` for events of no customer. Bind `*` for all."}},
        "messages": {event: {"$ref": format!("#/components/messages/{event}")}},
        "bindings": {"amqp": {
            "is": "routingKey",
            "exchange": {"name": "datacore.events", "type": "topic", "durable": true, "autoDelete": false},
            "bindingVersion": "0.3.0",
        }},
    })
}

fn replay(messages: &Map<String, Value>) -> Value {
    let reference = |name: &String| (name.clone(), json!({"$ref": format!("#/components/messages/{name}")}));
    json!({
        "address": "datacore.replay",
        "summary": "All events, also those of the past: a stream, to be consumed from an offset (`x-stream-offset`).",
        "messages": messages.keys().map(reference).collect::<Map<_, _>>(),
        "bindings": {"amqp": {
            "is": "queue",
            "queue": {"name": "datacore.replay", "durable": true, "exclusive": false, "autoDelete": false},
            "bindingVersion": "0.3.0",
        }},
    })
}

fn operation(channel: &str) -> Value {
    json!({"action": "send", "channel": {"$ref": format!("#/channels/{channel}")}})
}

fn message(aggregate: &str, event: &str, summary: &str, data: &Value) -> Value {
    let event_type = format!("datacore.{aggregate}.{event}.v1");
    json!({
        "name": event,
        "title": event,
        "summary": summary,
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [{"$ref": "#/components/schemas/CloudEvent"}],
            "properties": {"type": {"const": event_type}, "data": data},
        },
    })
}

/// The attributes of every message; headers repeat them, with `cloudEvents_` before their names.
fn cloud_event() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let id = |description: &str| json!({"type": "string", "format": "uuid", "description": description});
    let number = |description: &str| json!({"type": "integer", "minimum": 1, "description": description});
    json!({
        "type": "object",
        "description": "An event as CloudEvents 1.0 has it, structured mode.",
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "position", "sequence",
            "actor", "correlationid", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": id("Every delivery of the event has the same."),
            "source": {"const": "urn:datacore:log"},
            "type": text("`datacore.<aggregate>.<event>.v<version>`"),
            "subject": text("`<aggregate>/<id>`"),
            "time": {"type": "string", "format": "date-time", "description": "When the event store took it."},
            "datacontenttype": {"const": "application/json"},
            "position": number("Its place in the log, without gaps."),
            "sequence": number("Its place among the events of its aggregate."),
            "actor": text("Who caused it, such as `user:<id>` or `consumer:ingest`."),
            "correlationid": id("What one request caused has the same."),
            "causationid": id("The event that led to it."),
            "customerid": id("The customer whose data it is about."),
        },
    })
}

fn to_json(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).expect("a schema is JSON")
}

#[cfg(test)]
mod tests {
    use strum::VariantNames;

    use super::*;

    #[test]
    fn every_event_has_a_channel_and_a_message() {
        let document: Value = serde_json::from_str(document()).unwrap();
        let names = [
            UserEvent::VARIANTS,
            CustomerEvent::VARIANTS,
            UploadEvent::VARIANTS,
            DatasetEvent::VARIANTS,
            ReportEvent::VARIANTS,
            NotificationEvent::VARIANTS,
        ]
        .concat();
        for name in &names {
            assert!(
                document["channels"][name]["address"].as_str().unwrap().ends_with(&format!(".{name}.v1")),
                "{name}"
            );
            let data = &document["components"]["messages"][name]["payload"]["properties"]["data"];
            assert!(data.is_object(), "{name}");
        }
        assert_eq!(document["components"]["messages"].as_object().unwrap().len(), names.len());
    }

    #[test]
    fn every_stored_form_of_an_event_is_as_its_schema_says() {
        let document: Value = serde_json::from_str(document()).unwrap();
        let messages = document["components"]["messages"].as_object().unwrap();
        for (event, message) in messages {
            let mut schema = message["payload"]["properties"]["data"].clone();
            schema["components"] = document["components"].clone();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let forms = stored_forms(event);
            assert!(!forms.is_empty() && !validator.is_valid(&json!(7)), "{event}");
            for form in forms {
                let errors: Vec<_> = validator.iter_errors(&form).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{event}: {errors:?}");
            }
        }
    }

    /// The data of an event in each form that the log may hold.
    fn stored_forms(event: &str) -> Vec<Value> {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/tests/golden");
        let folders = std::fs::read_dir(golden).unwrap().map(|folder| folder.unwrap().path());
        let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
        let files = files.filter(|file| file.file_name().unwrap().to_string_lossy().starts_with(&format!("{event}.")));
        let forms = files.map(|file| serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).unwrap());
        forms.map(|form| form.get(event).cloned().unwrap_or(form)).collect()
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document: Value = serde_json::from_str(document()).unwrap();
        let mut left = vec![&document];
        let mut references = 0;
        while let Some(value) = left.pop() {
            if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                let target = document.pointer(reference.trim_start_matches('#'));
                assert!(target.is_some(), "{reference}");
                references += 1;
            }
            left.extend(
                value.as_object().into_iter().flat_map(Map::values).chain(value.as_array().into_iter().flatten()),
            );
        }
        assert!(references > 100, "{references}");
    }
}
