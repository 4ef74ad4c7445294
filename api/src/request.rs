//! What is known about the request that is being answered: its id, and whether the answer may be stale.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::problem::UNAVAILABLE;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const STALE: HeaderName = HeaderName::from_static("datacore-stale");

tokio::task_local! {
    static CURRENT: Arc<Current>;
}

struct Current {
    id: Uuid,
    uri: Uri,
    stale: AtomicBool,
}

/// The id of the request that is being answered; nil outside of one.
pub fn id() -> Uuid {
    CURRENT.try_with(|current| current.id).unwrap_or_default()
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

/// Gives the request an id (the client's own when it is a UUID) and says it in the answer.
pub async fn track(request: Request, next: Next) -> Response {
    let sent = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    let (id, uri) = (sent.unwrap_or_else(new_id), request.uri().clone());
    let current = Arc::new(Current { id, uri, stale: AtomicBool::new(false) });
    let mut response = CURRENT.scope(current.clone(), async { found(next.run(request).await) }).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&current.id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    if current.stale.load(Ordering::Relaxed) {
        headers.insert(STALE, HeaderValue::from_static("true"));
    }
    response
}

/// What was just made but is not shown yet is not missing: it comes.
fn found(response: Response) -> Response {
    if response.status() == StatusCode::NOT_FOUND && is_stale() {
        let words = "The change was accepted, but is not shown yet. It will be; look again before you repeat it.";
        return UNAVAILABLE.because(words).into_response();
    }
    response
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
