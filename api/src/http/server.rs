//! The HTTP server: routes, documents and what happens to every request.

use std::any::Any;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Address, Handle, Server};
use processors::Role;
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::App;
use crate::config::Config;
use crate::docs::openapi;
use crate::http::middleware::{not_modified::not_modified, rate_limit, security_headers, track::track};
use crate::http::problem::{METHOD_NOT_ALLOWED, NOT_FOUND, Problem};
use crate::{page, routes};

/// How long a client may take for the headers of a request, the first one included.
const HEADERS_WITHIN: Duration = Duration::from_secs(15);
/// How long the next bytes of a body may take.
const BODY_IDLE: Duration = Duration::from_secs(30);
/// All headers of a request, in bytes and in number.
const HEADERS_MAX_BYTES: usize = 65_536;
const HEADERS_MAX: usize = 100;
/// A body that is no upload.
const BODY_MAX_BYTES: usize = 1 << 20;
/// How long running requests may take to end when the service does.
const GRACE: Duration = Duration::from_secs(30);

/// Every route of the process's roles with every layer.
pub fn router(app: App) -> Router {
    let routes =
        if app.config.roles.contains(&Role::Api) { for_people() } else { routes::service().split_for_parts().0 };
    let router = routes
        .fallback(async || NOT_FOUND.with_detail("There is nothing at this address; /docs lists every endpoint."))
        .method_not_allowed_fallback(async || {
            METHOD_NOT_ALLOWED.with_detail("The Allow header says what can be done here.")
        })
        .with_state(app.clone());
    router.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state((app.config.clone(), app.metrics), track))
            .layer(from_fn_with_state(app.config.clone(), security_headers::of_all))
            .layer(TraceLayer::new_for_http())
            .option_layer(security_headers::cors(&app.config))
            .layer(from_fn_with_state(app.limits, rate_limit::guard))
            .layer(CompressionLayer::new())
            .layer(from_fn(not_modified))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
            .layer(RequestBodyTimeoutLayer::new(BODY_IDLE)),
    )
}

fn for_people() -> Router<App> {
    let (routes, document) = openapi::routes();
    let docs = Router::from(SwaggerUi::new("/docs").url("/openapi.json", document)).layer(map_response(found));
    routes.merge(page::router()).merge(docs.layer(security_headers::of_docs()))
}

/// The documents' viewer refuses without a word.
async fn found(response: Response) -> Response {
    if response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    NOT_FOUND.with_detail("There is no such page; /docs lists every endpoint.").into_response()
}

/// Listens, or says in words why not.
///
/// # Errors
/// When the address is taken or not ours.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listening = TcpListener::bind(address).await;
    listening.with_context(|| format!("listening on {address}; choose another address with --listen"))
}

/// Ends when the process is asked to: Ctrl-C or SIGTERM.
pub(crate) async fn stop_signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Serves until `stop`, then lets running requests end. Speaks https when the configuration has a certificate.
///
/// # Errors
/// When the certificate cannot be read, or the server fails.
pub async fn serve(app: App, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let (handle, shutdown) = (Handle::new(), app.shutdown.clone());
    let draining = {
        let handle = handle.clone();
        async move {
            stop.await;
            shutdown.cancel();
            handle.graceful_shutdown(Some(GRACE));
            std::future::pending::<()>().await;
        }
    };
    let tls = tls(&app.config).await?;
    let server = axum_server::from_tcp(listener.into_std()?)?.acceptor(NoDelayAcceptor).handle(handle);
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let serving = async {
        match tls {
            None => patient(server).serve(service).await,
            Some(tls) => patient(server.map(|tcp| RustlsAcceptor::new(tls).acceptor(tcp))).serve(service).await,
        }
    };
    tokio::select! {
        served = serving => served.context("serving HTTP"),
        () = draining => Ok(()),
    }
}

/// As patient with a client as it needs to be, and no more.
fn patient<A: Address, Acceptor>(mut server: Server<A, Acceptor>) -> Server<A, Acceptor> {
    let http = server.http_builder();
    http.http1().header_read_timeout(HEADERS_WITHIN).max_buf_size(HEADERS_MAX_BYTES).max_headers(HEADERS_MAX);
    http.http2().max_header_list_size(HEADERS_MAX_BYTES as u32).keep_alive_interval(HEADERS_WITHIN);
    server.first_request_timeout(HEADERS_WITHIN)
}

async fn tls(config: &Config) -> Result<Option<RustlsConfig>> {
    let Some((cert, key)) = config.tls_cert.as_ref().zip(config.tls_key.as_ref()) else { return Ok(None) };
    // Fails only when it was done before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = RustlsConfig::from_pem_file(cert, key).await;
    tls.map(Some).with_context(|| format!("reading the certificate {} and its key {}", cert.display(), key.display()))
}

/// A panic is a bug of ours: it ends one request, not the service.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::from(anyhow::anyhow!("a handler panicked")).into_response()
}
