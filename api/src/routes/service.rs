//! The service about itself: whether it lives, whether it can work, how to talk to it.

mod readiness;

use std::collections::BTreeMap;

use anyhow::Context as _;
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::Html;
use futures::join;
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::Path;
use crate::http::metrics::{Gauges, MEDIA_TYPE};
use crate::http::problem::{NOT_FOUND, PROBLEM_TYPES, Problem};
use readiness::Readiness;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(asyncapi))
        .routes(routes!(problem))
}

/// Says that the process lives.
///
/// Looks at nothing else: ask `/readyz` whether it can work.
#[utoipa::path(get, path = "/healthz", tag = "service", security(()),
    responses((status = 200, description = "The process lives", body = String)))]
async fn healthz() -> &'static str {
    "ok"
}

/// Says whether the service can work.
///
/// And what each of its dependencies is like.
#[utoipa::path(get, path = "/readyz", tag = "service", security(()),
    responses((status = 200, description = "It can work; what is away can wait", body = Readiness),
        (status = 503, description = "It cannot work, or is about to end", body = Readiness)))]
async fn readyz(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let readiness = readiness::look(&app).await;
    let code = if readiness.can_work() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(readiness))
}

/// Tells a monitoring system how the service does.
///
/// In OpenMetrics 1.0, as Prometheus reads it.
#[utoipa::path(get, path = "/metrics", tag = "service", security(()),
    responses((status = 200, description = "The numbers of this process", body = String,
        content_type = "application/openmetrics-text")))]
async fn metrics(State(app): State<App>) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let text = app.metrics.text(&gauges(&app).await).context("writing numbers")?;
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], text))
}

async fn gauges(app: &App) -> Gauges {
    let parked = timeout(readiness::WITHIN, app.commands.dead_letters.all());
    let (readiness, parked) = join!(readiness::look(app), parked);
    let mut gauges = Gauges::default();
    readiness.add_gauges(&mut gauges);
    let reached = app.positions.now().map(|(consumer, position)| (consumer.to_owned(), position));
    gauges.gauge_family(
        "consumer_position",
        "Up to which position a consumer of this process has done its work",
        "consumer",
        reached,
    );
    let mut counts = BTreeMap::<String, u64>::new();
    for parked in parked.ok().and_then(Result::ok).unwrap_or_default() {
        *counts.entry(parked.consumer).or_default() += 1;
    }
    gauges.gauge_family("parked_events", "Events that were set aside because they kept failing", "consumer", counts);
    gauges
}

/// Describes the events at the message broker.
///
/// An AsyncAPI 3.1 document, written as JSON, which YAML contains.
#[utoipa::path(get, path = "/asyncapi.yaml", tag = "service", security(()),
    responses((status = 200, description = "The document", body = String, content_type = "application/yaml")))]
async fn asyncapi() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "application/yaml")], crate::docs::asyncapi::document())
}

/// Explains a kind of problem.
///
/// The `type` of each problem document leads here.
#[utoipa::path(get, path = "/problems/{name}", tag = "service", security(()),
    params(("name" = String, Path, description = "The last part of the `type` of a problem, such as `not-found`.")),
    responses((status = 200, description = "A page about it", body = String, content_type = "text/html")))]
async fn problem(Path(name): Path<String>) -> Result<Html<String>, Problem> {
    let problem_type = PROBLEM_TYPES.iter().find(|problem_type| problem_type.name == name);
    let kind = problem_type.ok_or_else(|| NOT_FOUND.with_detail("There is no such kind of problem."))?;
    let (title, status, advice) = (kind.title, kind.status, kind.advice);
    Ok(Html(format!("<!doctype html><title>{title}</title><h1>{title}</h1><p>Status {status}.</p><p>{advice}</p>")))
}
