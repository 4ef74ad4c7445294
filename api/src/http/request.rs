//! What is known about the request that is being answered: its id, where it came from, what its answer must say.

use std::future::Future;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::Uri;
use uuid::Uuid;

use crate::lock::lock;

tokio::task_local! {
    static CURRENT: Arc<RequestContext>;
}

/// What is known about a request, and what its answer must say.
pub(crate) struct RequestContext {
    id: Uuid,
    uri: Uri,
    /// Where it came from; none within the process.
    address: Option<IpAddr>,
    stale: AtomicBool,
    /// The tightest of the limits that counted it.
    remaining: Mutex<Option<Remaining>>,
}

impl RequestContext {
    /// Nothing is known of its answer yet.
    pub(crate) fn new(id: Uuid, uri: Uri, address: Option<IpAddr>) -> Arc<Self> {
        Arc::new(Self { id, uri, address, stale: AtomicBool::new(false), remaining: Mutex::default() })
    }

    /// Does some work that belongs to the request: the functions of this file tell of it meanwhile.
    pub(crate) async fn scope<F: Future>(self: Arc<Self>, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Whether the read side did not show the change in time.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// What the tightest limit leaves to the caller.
    pub(crate) fn remaining(&self) -> Option<Remaining> {
        *lock(&self.remaining)
    }
}

/// What is left of a bucket of a rate limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remaining {
    pub(crate) name: &'static str,
    /// What the full bucket holds, and in how many seconds it fills up.
    pub(crate) quota: (u32, u64),
    pub(crate) remaining: u32,
    /// When it is full again, in seconds.
    pub(crate) full_in: u64,
}

impl Remaining {
    /// Whether less is left than of another one.
    pub(crate) fn is_tighter(&self, other: &Self) -> bool {
        let share = |bucket: &Self| f64::from(bucket.remaining) / f64::from(bucket.quota.0);
        share(self) < share(other)
    }

    /// The values of the headers `RateLimit-Policy` and `RateLimit`.
    pub(crate) fn headers(&self) -> [String; 2] {
        let Self { name, quota: (quota, window), remaining, full_in } = self;
        [format!("\"{name}\";q={quota};w={window}"), format!("\"{name}\";r={remaining};t={full_in}")]
    }
}

/// The id of the request that is being answered; nil outside of one.
pub(crate) fn id() -> Uuid {
    CURRENT.try_with(|current| current.id).unwrap_or_default()
}

/// The address that the request came from, past proxies that are trusted; none within the process.
pub(crate) fn client() -> Option<IpAddr> {
    CURRENT.try_with(|current| current.address).ok().flatten()
}

/// The path of the request that is being answered.
pub(crate) fn path() -> String {
    CURRENT.try_with(|current| current.uri.path().to_owned()).unwrap_or_default()
}

/// The address of the next page: that of this one with another cursor.
pub(crate) fn next_page(cursor: &str) -> String {
    let uri = CURRENT.try_with(|current| current.uri.clone()).unwrap_or_default();
    let others = uri.query().unwrap_or_default().split('&');
    let others = others.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<_> = others.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    format!("{}?{}", uri.path(), query.join("&"))
}

/// The path and query of the request that is being answered.
pub(crate) fn address() -> String {
    CURRENT.try_with(|current| current.uri.to_string()).unwrap_or_default()
}

/// Says that the read side did not show the change in time.
pub(crate) fn mark_stale() {
    let _ = CURRENT.try_with(|current| current.stale.store(true, Ordering::Relaxed));
}

/// Whether the read side did not show the change in time.
pub(crate) fn is_stale() -> bool {
    CURRENT.try_with(|current| current.is_stale()).unwrap_or_default()
}

/// Says what a limit leaves to the caller; the tightest limit is told.
pub(crate) fn mark_remaining(remaining: Remaining) {
    let _ = CURRENT.try_with(|current| {
        let mut told = lock(&current.remaining);
        if told.is_none_or(|told| remaining.is_tighter(&told)) {
            *told = Some(remaining);
        }
    });
}

/// A new random id in the order of time (UUIDv7).
#[expect(clippy::disallowed_methods, reason = "requests are the edge where ids come from")]
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The time.
#[expect(clippy::disallowed_methods, reason = "requests are the edge where time comes from")]
pub(crate) fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
