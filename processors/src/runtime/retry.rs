//! What counts as a failure of an event, and what is tried until it succeeds.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures::FutureExt;
use tokio::time::sleep;
use tracing::warn;

/// The pause before the database is asked again when it does not answer.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// A panic in a handler is a failure of that event, not of the consumer.
pub(crate) async fn guarded(work: impl Future<Output = Result<()>>) -> Result<()> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(anyhow!("the handler panicked")))
}

/// Asks the database until it answers. Giving a message back instead would bring it again at once, and count as an attempt.
pub(crate) async fn retry_forever<T, F>(ask: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T>>,
{
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => warn!(error = format!("{error:#}"), "the database does not answer; a consumer waits"),
        }
        sleep(DATABASE_PAUSE).await;
    }
}
