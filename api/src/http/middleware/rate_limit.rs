//! Counts every request at its address, before anybody looks at what it wants.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::limits::Limits;
use crate::http::problem::{Problem, URI_TOO_LONG};

/// Longest query of an address, in bytes.
const QUERY_MAX_BYTES: usize = 8_192;

/// Counts a request of its address, and refuses queries that nobody needs.
pub(crate) async fn guard(
    State(limits): State<Arc<Limits>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.uri().query().is_some_and(|query| query.len() > QUERY_MAX_BYTES) {
        return Err(URI_TOO_LONG.with_detail(format!("A query may have at most {QUERY_MAX_BYTES} bytes.")));
    }
    limits.request_from_address()?;
    Ok(next.run(request).await)
}
