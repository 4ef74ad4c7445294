//! Conditional requests: who has the current version already gets no body again.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// Answers 304 without a body when the caller already has this version (`If-None-Match`).
pub(crate) async fn not_modified(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).map(str::to_owned);
    let mut response = next.run(request).await;
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    let matches = |known: &str, tag: &str| {
        known.split(',').any(|known| matches!(known.trim(), "*") || weak(known.trim()) == weak(tag))
    };
    if reads && response.status() == StatusCode::OK && known.zip(tag).is_some_and(|(known, tag)| matches(&known, tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        let gone: [HeaderName; 2] = [CONTENT_LENGTH, CONTENT_TYPE];
        gone.iter().for_each(|name| drop(response.headers_mut().remove(name)));
    }
    response
}

/// A tag without its mark of weakness: `If-None-Match` compares weakly (RFC 9110).
fn weak(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}
