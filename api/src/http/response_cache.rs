//! Answers that were given before, kept in the cache. A key names the request and the position that the views had
//! reached, so an answer is never older than the views, and nothing needs to be invalidated.

use std::time::Duration;

use anyhow::Context;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_TYPE, ETAG, LINK};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::build_info::BuildInfo;
use crate::http::extract::Member;
use crate::http::problem::Problem;
use crate::http::request;

/// How long an answer is kept.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// The headers that belong to an answer, in the order in which they are kept, each on a line before the body.
const HEADERS: [HeaderName; 2] = [ETAG, LINK];
/// Larger answers are rare, and would push the others out.
const MAX_BYTES: usize = 1 << 20;
/// A longer address is no list that anybody asks for twice.
const MAX_ADDRESS: usize = 512;

/// Gives the answer of `work`, or what it gave before at the same address to a member of the same customer. It is kept
/// when it `lasts`: when it depends on nothing but the views.
///
/// # Errors
/// The problem of the work.
pub(crate) async fn cached<T: IntoResponse>(
    app: &App,
    member: &Member,
    work: impl Future<Output = Result<T, Problem>>,
    lasts: impl FnOnce(&T) -> bool,
) -> Result<Response, Problem> {
    let key = key(&app.config.build, member.views_position);
    let cache = &app.projections.cache;
    if let Some(kept) = cache.get(&key).await {
        return Ok(open(&kept).context("reading a cached answer")?);
    }
    let answer = work.await?;
    let keep = lasts(&answer) && key.len() < MAX_ADDRESS;
    let response = answer.into_response();
    if !keep || response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.context("reading an answer to keep it")?;
    if body.len() <= MAX_BYTES {
        cache.put(key, close(&parts.headers, &body), LIFE).await;
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The address names the customer; who may not read it was turned away before. Another build may answer in another form, and
/// does not see the answers of this one.
fn key(build: &BuildInfo, position: u64) -> String {
    format!("answer/{build}/{position}{}", request::address())
}

fn close(headers: &axum::http::HeaderMap, body: &[u8]) -> Bytes {
    let mut kept = Vec::with_capacity(body.len() + 128);
    for name in HEADERS {
        kept.extend_from_slice(headers.get(name).map_or(&[], HeaderValue::as_bytes));
        kept.push(b'\n');
    }
    kept.extend_from_slice(body);
    kept.into()
}

fn open(kept: &Bytes) -> Option<Response> {
    let mut rest = kept.clone();
    let mut response = Response::builder().header(CONTENT_TYPE, "application/json");
    for name in HEADERS {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let value = rest.split_to(end);
        if !value.is_empty() {
            response = response.header(name, HeaderValue::from_maybe_shared(value).ok()?);
        }
        drop(rest.split_to(1));
    }
    response.body(Body::from(rest)).ok()
}

#[cfg(test)]
mod tests {
    use axum::Json;

    use super::*;

    #[tokio::test]
    async fn an_answer_comes_back_as_it_was() {
        let link = [(LINK, HeaderValue::from_static("</next>; rel=\"next\""))];
        let (parts, body) = (link, Json("a\nb")).into_response().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let (opened, again) = open(&close(&parts.headers, &body)).unwrap().into_parts();
        assert_eq!((opened.status, &opened.headers), (StatusCode::OK, &parts.headers));
        assert_eq!(to_bytes(again, usize::MAX).await.unwrap(), body);
    }

    #[test]
    fn what_is_no_answer_is_not_opened() {
        assert!(open(&Bytes::from_static(b"one line")).is_none());
    }
}
