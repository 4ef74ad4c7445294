//! What is known about the request that is being answered: its id, where it came from, what its answer must say.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::config::Config;
use crate::limits::Left;
use crate::lock;
use crate::metrics::Metrics;
use crate::problem::{RETRY_AFTER, UNAVAILABLE};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const STALE: HeaderName = HeaderName::from_static("datacore-stale");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const LIMITS: [HeaderName; 2] = [HeaderName::from_static("ratelimit-policy"), HeaderName::from_static("ratelimit")];

tokio::task_local! {
    static CURRENT: Arc<Current>;
}

struct Current {
    id: Uuid,
    uri: Uri,
    /// Where it came from; none within the process.
    address: Option<IpAddr>,
    stale: AtomicBool,
    /// The tightest of the limits that counted it.
    left: Mutex<Option<Left>>,
}

/// The id of the request that is being answered; nil outside of one.
pub fn id() -> Uuid {
    CURRENT.try_with(|current| current.id).unwrap_or_default()
}

/// The address that the request came from, past proxies that are trusted; none within the process.
pub fn client() -> Option<IpAddr> {
    CURRENT.try_with(|current| current.address).ok().flatten()
}

/// The path of the request that is being answered.
pub fn path() -> String {
    CURRENT.try_with(|current| current.uri.path().to_owned()).unwrap_or_default()
}

/// The address of the next page: that of this one with another cursor.
pub fn next_page(cursor: &str) -> String {
    let uri = CURRENT.try_with(|current| current.uri.clone()).unwrap_or_default();
    let others = uri.query().unwrap_or_default().split('&');
    let others = others.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<_> = others.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    format!("{}?{}", uri.path(), query.join("&"))
}

/// The path and query of the request that is being answered.
pub fn address() -> String {
    CURRENT.try_with(|current| current.uri.to_string()).unwrap_or_default()
}

/// Says that the read side did not show the change in time.
pub fn mark_stale() {
    let _ = CURRENT.try_with(|current| current.stale.store(true, Ordering::Relaxed));
}

/// Whether the read side did not show the change in time.
pub fn is_stale() -> bool {
    CURRENT.try_with(|current| current.stale.load(Ordering::Relaxed)).unwrap_or_default()
}

/// Says what a limit leaves to the caller; the tightest limit is told.
pub fn mark_left(left: Left) {
    let _ = CURRENT.try_with(|current| {
        let mut told = lock(&current.left);
        if told.is_none_or(|told| left.is_tighter(&told)) {
            *told = Some(left);
        }
    });
}

/// Gives the request an id (the client's own when it is a UUID), says it in the answer, and counts the request.
pub async fn track(
    State((config, metrics)): State<(Arc<Config>, Arc<Metrics>)>,
    request: Request,
    next: Next,
) -> Response {
    let (start, method) = (Instant::now(), request.method().clone());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let sent = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    let (id, uri) = (sent.unwrap_or_else(new_id), request.uri().clone());
    let address = origin(&config, &request);
    let current = Arc::new(Current { id, uri, address, stale: AtomicBool::new(false), left: Mutex::default() });
    let mut response = CURRENT.scope(current.clone(), async { found(next.run(request).await) }).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&current.id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    if current.stale.load(Ordering::Relaxed) {
        headers.insert(STALE, HeaderValue::from_static("true"));
    }
    let left = *lock(&current.left);
    for (name, text) in LIMITS.into_iter().zip(left.iter().flat_map(Left::headers)) {
        headers.extend(HeaderValue::from_str(&text).map(|value| (name, value)));
    }
    metrics.count(&method, route.as_ref(), response.status(), start.elapsed());
    response
}

/// What was just made but is not shown yet is not missing: it comes.
fn found(response: Response) -> Response {
    if response.status() == StatusCode::NOT_FOUND && is_stale() {
        let words = "The change was accepted, but is not shown yet. It will be; look again before you repeat it.";
        return UNAVAILABLE.because(words).with(RETRY_AFTER, 1).into_response();
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

/// A new random id in the order of time (UUIDv7).
#[expect(clippy::disallowed_methods, reason = "requests are the edge where ids come from")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The time.
#[expect(clippy::disallowed_methods, reason = "requests are the edge where time comes from")]
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
