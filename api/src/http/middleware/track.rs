//! Gives every request an id, finds out where it came from, counts it, and writes what is known of it into its answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::Config;
use crate::http::metrics::Metrics;
use crate::http::problem::{RETRY_AFTER, UNAVAILABLE};
use crate::http::request::{Remaining, RequestContext, is_stale, new_id};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const STALE: HeaderName = HeaderName::from_static("datacore-stale");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const LIMITS: [HeaderName; 2] = [HeaderName::from_static("ratelimit-policy"), HeaderName::from_static("ratelimit")];

/// Gives the request an id (the client's own when it is a UUID), says it in the answer, and counts the request.
pub(crate) async fn track(
    State((config, metrics)): State<(Arc<Config>, Arc<Metrics>)>,
    request: Request,
    next: Next,
) -> Response {
    let (start, method) = (Instant::now(), request.method().clone());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let sent = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    let (id, uri) = (sent.unwrap_or_else(new_id), request.uri().clone());
    let context = RequestContext::new(id, uri, origin(&config, &request));
    let mut response = context.clone().scope(async { found(next.run(request).await) }).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    if context.is_stale() {
        headers.insert(STALE, HeaderValue::from_static("true"));
    }
    let remaining = context.remaining();
    for (name, text) in LIMITS.into_iter().zip(remaining.iter().flat_map(Remaining::headers)) {
        headers.extend(HeaderValue::from_str(&text).map(|value| (name, value)));
    }
    metrics.count(&method, route.as_ref(), response.status(), start.elapsed());
    response
}

/// What was just made but is not shown yet is not missing: it comes.
fn found(response: Response) -> Response {
    if response.status() == StatusCode::NOT_FOUND && is_stale() {
        let words = "The change was accepted, but is not shown yet. It will be; look again before you repeat it.";
        return UNAVAILABLE.with_detail(words).with(RETRY_AFTER, 1).into_response();
    }
    response
}

/// The address of the client: that of the connection, or the last one in `X-Forwarded-For` that no trusted proxy has.
fn origin(config: &Config, request: &Request) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let trusted =
        |address: &IpAddr| config.trusted_proxies.iter().any(|network| network.contains(&address.to_canonical()));
    if !trusted(&peer.ip()) {
        return Some(peer.ip());
    }
    let lines = request.headers().get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let mut client = peer.ip();
    for text in lines.flat_map(|line| line.split(',')).collect::<Vec<_>>().into_iter().rev() {
        // What stands before an entry that nobody can read may be made up.
        let Ok(address) = text.trim().parse() else { break };
        client = address;
        if !trusted(&address) {
            break;
        }
    }
    Some(client)
}
