//! The forms of a successful response.

use axum::Json;
use axum::http::header::{ETAG, LINK, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use projections::Page;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::http::problem::Problem;
use crate::http::request;

/// A resource with its version as `ETag`.
pub(crate) struct Tagged<T> {
    /// What is sent.
    pub(crate) body: T,
    /// The version of the resource; none while it changes without events.
    pub(crate) version: Option<u64>,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        if let Some(tag) = self.version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok()) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// A resource that was made: 201 with its address.
pub(crate) struct Created<T> {
    /// The address of the resource.
    pub(crate) location: String,
    /// The resource.
    pub(crate) resource: Tagged<T>,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        located(StatusCode::CREATED, &self.location, self.resource)
    }
}

/// Work that goes on: 202 with the address where it can be followed; 200 when it is already done.
pub(crate) struct Accepted<T> {
    /// The address of the resource.
    pub(crate) location: String,
    /// The resource as it is now.
    pub(crate) resource: Tagged<T>,
    /// Whether the end result is there.
    pub(crate) done: bool,
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        let status = if self.done { StatusCode::OK } else { StatusCode::ACCEPTED };
        located(status, &self.location, self.resource)
    }
}

fn located(status: StatusCode, location: &str, body: impl IntoResponse) -> Response {
    let mut response = (status, body).into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page, when there is one.
    pub(crate) next: Option<String>,
}

impl<T> List<T> {
    /// A page of rows, each as it is sent.
    pub(crate) fn of<R>(page: Page<R>, send: impl FnMut(R) -> T) -> Self {
        Self { next: page.next.map(encode_cursor), items: page.items.into_iter().map(send).collect() }
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        let next = self.next.clone();
        page(&self, next.as_deref())
    }
}

/// A page with its `Link` to the next one (RFC 8288).
pub(crate) fn page(body: &impl Serialize, next: Option<&str>) -> Response {
    let mut response = Json(body).into_response();
    let link = next.map(|cursor| format!("<{}>; rel=\"next\"", request::next_page(cursor)));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(LINK, link);
    }
    response
}

/// Which part of a list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// The `next` of the page before.
    pub(crate) cursor: Option<String>,
}

/// How many items a page has unless the caller says.
const DEFAULT_LIMIT: u32 = 50;
/// How many items a page has at most.
const MAX_LIMIT: u32 = 200;

/// The number of items of a page.
///
/// # Errors
/// 422 when it is not 1 to 200.
pub(crate) fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(Problem::field("?limit", format!("must be 1 to {MAX_LIMIT}"))),
    }
}

/// The place that a cursor names.
///
/// # Errors
/// 422 when it is not a cursor of ours.
pub(crate) fn cursor(text: Option<&str>) -> Result<Option<u64>, Problem> {
    let decode = |text: &str| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (list, place) = bytes.split_first_chunk()?;
        (*list == list_tag()).then_some(u64::from_be_bytes(place.try_into().ok()?))
    };
    text.map(|text| decode(text).ok_or_else(|| Problem::field("?cursor", "is not a cursor of this list"))).transpose()
}

/// The opaque form of a place in a list.
pub(crate) fn encode_cursor(place: u64) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([&list_tag()[..], &place.to_be_bytes()].concat())
}

/// Ties a cursor to the address of its list: a place in one list means nothing in another.
fn list_tag() -> [u8; 4] {
    let digest = Sha256::digest(request::path());
    [digest[0], digest[1], digest[2], digest[3]]
}
