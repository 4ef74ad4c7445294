//! An event as the log gives it, and the union of all aggregates' events.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::customer::CustomerEvent;
use crate::dataset::DatasetEvent;
use crate::ids::event_id;
use crate::metadata::{Actor, Metadata};
use crate::notification::NotificationEvent;
use crate::report::ReportEvent;
use crate::upload::UploadEvent;
use crate::user::UserEvent;

/// Any event of the system.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    User(UserEvent),
    /// Of a customer, its members or stores.
    Customer(CustomerEvent),
    Upload(UploadEvent),
    Dataset(DatasetEvent),
    Report(ReportEvent),
    Notification(NotificationEvent),
}

impl Event {
    /// Reads the stored payload of an event of an aggregate.
    ///
    /// # Errors
    /// When the aggregate or the event is unknown to this version of the program.
    pub fn decode(aggregate_type: &str, payload: &Value) -> Result<Self, serde_json::Error> {
        match aggregate_type {
            "User" => UserEvent::deserialize(payload).map(Self::User),
            "Customer" => CustomerEvent::deserialize(payload).map(Self::Customer),
            "Upload" => UploadEvent::deserialize(payload).map(Self::Upload),
            "Dataset" => DatasetEvent::deserialize(payload).map(Self::Dataset),
            "Report" => ReportEvent::deserialize(payload).map(Self::Report),
            "Notification" => NotificationEvent::deserialize(payload).map(Self::Notification),
            other => Err(serde::de::Error::custom(format!("unknown aggregate type {other}"))),
        }
    }
}

/// An event in its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its place in the log: 1, 2, 3 …, no gaps.
    pub position: u64,
    /// The aggregate it belongs to, such as `Upload`.
    pub aggregate_type: String,
    /// The id of that aggregate.
    pub aggregate_id: Uuid,
    /// Its place in the aggregate's own stream, from 1.
    pub sequence: u64,
    /// Its name, such as `FileUploaded`.
    pub event_type: String,
    /// The version of its form.
    pub event_version: String,
    /// Its facts as stored: `{"FileUploaded": {…}}`.
    pub payload: Value,
    /// Who, why and for whom.
    pub metadata: Metadata,
    /// When the event store took it.
    pub recorded_at: DateTime<Utc>,
}

impl Recorded {
    /// The id of the event; every delivery of it carries the same one.
    pub fn id(&self) -> Uuid {
        event_id(&self.aggregate_type, self.aggregate_id, self.sequence)
    }

    /// The decoded event.
    ///
    /// # Errors
    /// When this version of the program does not know the event.
    pub fn event(&self) -> Result<Event, serde_json::Error> {
        Event::decode(&self.aggregate_type, &self.payload)
    }

    /// The facts without the name around them.
    pub fn data(&self) -> &Value {
        self.payload.get(&self.event_type).unwrap_or(&self.payload)
    }

    /// The metadata of an event that a consumer causes in reaction to this one.
    pub fn cause(&self, consumer: &'static str) -> Metadata {
        Metadata {
            actor: Actor::Consumer(consumer).to_string(),
            customer_id: self.metadata.customer_id,
            correlation_id: self.metadata.correlation_id,
            causation_id: Some(self.id()),
        }
    }
}
