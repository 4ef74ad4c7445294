//! The HTTP server: routes, documents and what happens to every request.

use std::any::Any;
use std::future::Future;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use processors::Role;
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::App;
use crate::problem::{METHOD_NOT_ALLOWED, NOT_FOUND, Problem};
use crate::{answer, dashboard, openapi, request, routes};

/// Headers of every answer. Nothing is loaded from, or framed by, another site.
const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'self'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
];

/// Every route of the process's roles with every layer.
pub fn router(app: App) -> Router {
    let routes =
        if app.config.roles.contains(&Role::Api) { for_people() } else { routes::service().split_for_parts().0 };
    let mut router = routes
        .fallback(async || NOT_FOUND.because("There is nothing at this address; /docs lists every endpoint."))
        .method_not_allowed_fallback(async || {
            METHOD_NOT_ALLOWED.because("The Allow header says what can be done here.")
        })
        .with_state(app);
    for (name, value) in HEADERS {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, value));
    }
    router.layer(
        ServiceBuilder::new()
            .layer(from_fn(request::track))
            .layer(TraceLayer::new_for_http())
            .layer(CompressionLayer::new())
            .layer(from_fn(answer::not_modified))
            .layer(CatchPanicLayer::custom(panicked)),
    )
}

fn for_people() -> Router<App> {
    let (routes, document) = openapi::routes();
    routes.merge(dashboard::router()).merge(SwaggerUi::new("/docs").url("/openapi.json", document))
}

/// Serves until `stop`, then lets running requests end.
///
/// # Errors
/// When the server fails.
pub async fn serve(app: App, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let shutdown = app.shutdown.clone();
    let draining = async move {
        stop.await;
        shutdown.cancel();
    };
    axum::serve(listener, router(app)).with_graceful_shutdown(draining).await.context("serving HTTP")
}

/// A panic is a bug of ours: it ends one request, not the service.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::from(anyhow::anyhow!("a handler panicked")).into_response()
}
