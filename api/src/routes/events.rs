//! The audit trail: what happened, in order, exactly as it stands in the log.

use axum::extract::State;
use chrono::{DateTime, Utc};
use commands::EventFilter;
use domain::Recorded;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::App;
use crate::http::extract::{CustomerPath, Query, Viewer};
use crate::http::problem::Problem;
use crate::http::response::{List, limit};

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_events))
}

/// Which events to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Only events after this position.
    after: Option<u64>,
    /// Only events of this name, such as FileUploaded.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    event_type: Option<String>,
    /// Only events of this aggregate.
    aggregate_id: Option<Uuid>,
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before; the same as `after`.
    cursor: Option<String>,
}

/// An event of the log.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventBody {
    /// Its place in the log, over all customers.
    pub(crate) position: u64,
    /// The same for every delivery.
    id: Uuid,
    #[serde(rename = "type")]
    event_type: String,
    /// The version of its form.
    version: u32,
    aggregate_type: String,
    aggregate_id: Uuid,
    /// Its place among the events of its aggregate.
    sequence: u64,
    recorded_at: DateTime<Utc>,
    /// `user:<id>` or `consumer:<name>`.
    actor: String,
    /// The request that it began with.
    correlation_id: Uuid,
    /// The event that it reacts to.
    causation_id: Option<Uuid>,
    /// Its facts.
    #[schema(value_type = Object)]
    data: Value,
}

impl From<&Recorded> for EventBody {
    fn from(event: &Recorded) -> Self {
        Self {
            position: event.position,
            id: event.id(),
            event_type: event.event_type.clone(),
            version: event.event_version.parse().unwrap_or(1),
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id,
            sequence: event.sequence,
            recorded_at: event.recorded_at,
            actor: event.metadata.actor.clone(),
            correlation_id: event.metadata.correlation_id,
            causation_id: event.metadata.causation_id,
            data: event.data().clone(),
        }
    }
}

/// Lists the events of a customer in the order of the log.
///
/// Everything that happened at the customer, with who did it and what it followed from.
#[utoipa::path(get, path = "/customers/{customer_id}/events", tag = "events", security(("bearer" = ["viewer"])),
    params(CustomerPath, EventsQuery),
    responses((status = 200, description = "A page of the list", body = List<EventBody>)))]
async fn list_events(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<EventsQuery>,
) -> Result<List<EventBody>, Problem> {
    let limit = limit(query.limit)?;
    let after = crate::http::response::cursor(query.cursor.as_deref())?.or(query.after).unwrap_or(0);
    let filter = EventFilter { event_type: query.event_type, aggregate_id: query.aggregate_id };
    let events = app.commands.store.read_customer(viewer.customer_id, after, &filter, limit + 1).await?;
    let page = &events[..events.len().min(limit as usize)];
    let next = (events.len() > page.len()).then(|| page.last().map_or(after, |event| event.position));
    Ok(List { items: page.iter().map(EventBody::from).collect(), next: next.map(crate::http::response::encode_cursor) })
}
