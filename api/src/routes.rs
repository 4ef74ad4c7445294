//! Every endpoint, a file for each kind of resource.

mod api_keys;
mod customers;
mod datasets;
mod event_stream;
mod events;
mod members;
mod notifications;
mod reports;
mod rfm_grid;
mod service;
mod sessions;
mod stores;
mod uploads;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The endpoints under `/api/v1`.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(users::router())
        .merge(sessions::router())
        .merge(customers::router())
        .merge(members::router())
        .merge(api_keys::router())
        .merge(stores::router())
        .merge(uploads::router())
        .merge(datasets::router())
        .merge(reports::router())
        .merge(rfm_grid::router())
        .merge(notifications::router())
        .merge(events::router())
        .merge(event_stream::router())
}

/// The endpoints that tell about the service itself.
pub(crate) fn service() -> OpenApiRouter<App> {
    service::router()
}

/// An event as one line of JSON, as the audit trail shows it.
///
/// # Errors
/// Never in practice: it is plain data.
pub(crate) fn event_line(event: &domain::Recorded) -> serde_json::Result<String> {
    serde_json::to_string(&events::EventBody::from(event))
}
