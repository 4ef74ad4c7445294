//! A consumer together with what it does.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use domain::Recorded;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::consumer::Consumer;

/// The work on one event.
pub(crate) type Work = BoxFuture<'static, Result<()>>;

/// A consumer together with what it does.
#[derive(Clone)]
pub struct Reaction {
    /// Who does it, and for which events.
    pub consumer: Consumer,
    handle: Arc<dyn Fn(Recorded) -> Work + Send + Sync>,
}

impl Reaction {
    /// A consumer that does what `handle` says with each event.
    pub fn new<F>(consumer: Consumer, handle: impl Fn(Recorded) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Self { consumer, handle: Arc::new(move |event| handle(event).boxed()) }
    }

    /// Handles an event. A panic is a failure of that event, not of the consumer.
    pub(crate) async fn handle(&self, event: Recorded) -> Result<()> {
        let work = async { (self.handle)(event).await };
        AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(anyhow!("the handler panicked")))
    }
}
