//! The service about itself: whether it lives, whether it can work, how to talk to it.

mod readiness;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::Html;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::extract::Path;
use crate::problem::{KINDS, NOT_FOUND, Problem};
use readiness::Readiness;

/// The endpoints of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(asyncapi))
        .routes(routes!(problem))
}

/// Says that the process lives.
#[utoipa::path(get, path = "/healthz", tag = "service", security(()), responses((status = 200, body = String)))]
async fn healthz() -> &'static str {
    "ok"
}

/// Says whether the service can work, and what each dependency is like.
#[utoipa::path(get, path = "/readyz", tag = "service", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
async fn readyz(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let readiness = readiness::look(&app).await;
    let code = if readiness.can_work() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(readiness))
}

/// Describes the events at the message broker: AsyncAPI 3.1, written as JSON, which YAML contains.
#[utoipa::path(get, path = "/asyncapi.yaml", tag = "service", security(()),
    responses((status = 200, body = String, content_type = "application/yaml")))]
async fn asyncapi() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "application/yaml")], crate::asyncapi::document())
}

/// Explains a kind of problem.
#[utoipa::path(get, path = "/problems/{name}", tag = "service", security(()), params(("name" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html")))]
async fn problem(Path(name): Path<String>) -> Result<Html<String>, Problem> {
    let kind = KINDS.iter().find(|kind| kind.name == name);
    let kind = kind.ok_or_else(|| NOT_FOUND.because("There is no such kind of problem."))?;
    let (title, status, advice) = (kind.title, kind.status, kind.advice);
    Ok(Html(format!("<!doctype html><title>{title}</title><h1>{title}</h1><p>Status {status}.</p><p>{advice}</p>")))
}
