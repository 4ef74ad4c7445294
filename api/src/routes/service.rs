//! The service about itself: whether it lives, whether it can work, how to talk to it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::extract::Path;
use crate::problem::{KINDS, NOT_FOUND, Problem};

/// The endpoints of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(problem))
}

/// What the service depends on.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready`, `draining` or `not_ready`.
    status: &'static str,
    dependencies: Vec<Dependency>,
    /// The newest position of the log.
    head: Option<u64>,
    /// How far the views are.
    projected: Option<u64>,
}

/// A thing that the service needs.
#[derive(Serialize, ToSchema)]
struct Dependency {
    name: &'static str,
    ok: bool,
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
    let (commands, projections) = (&app.commands, &app.projections);
    let checks = [
        ("event_store", commands.store.check().await),
        ("files", commands.files.check().await),
        ("views", projections.views.check().await),
        ("frames", projections.frames.check().await),
    ];
    let dependencies: Vec<_> = checks.into_iter().map(dependency).collect();
    let status = match dependencies.iter().all(|dependency| dependency.ok) {
        _ if app.shutdown.is_cancelled() => "draining",
        true => "ready",
        false => "not_ready",
    };
    let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let (head, projected) = (commands.store.head().await.ok(), projections.views.checkpoint().await.ok());
    (code, Json(Readiness { status, dependencies, head, projected }))
}

fn dependency((name, check): (&'static str, anyhow::Result<()>)) -> Dependency {
    if let Err(error) = &check {
        tracing::warn!(dependency = name, error = format!("{error:#}"), "dependency is not ready");
    }
    Dependency { name, ok: check.is_ok() }
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
