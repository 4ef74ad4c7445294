//! How often an event is tried, on either bus, and what is tried until it succeeds.

use std::future::Future;
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;
use tracing::warn;

/// The pause before the database is asked again when it does not answer.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// The attempts at one event. What fails while a store is away counts for none.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    pauses: &'static [Duration],
}

impl RetryPolicy {
    /// Six attempts within a minute: long enough for a mail server to start again, and short enough for those who wait
    /// behind an event that never succeeds, as they do on the embedded bus.
    pub const USUAL: Self = Self::new(&[
        Duration::from_millis(200),
        Duration::from_secs(1),
        Duration::from_secs(4),
        Duration::from_secs(15),
        Duration::from_secs(30),
    ]);

    /// One attempt more than there are pauses.
    pub const fn new(pauses: &'static [Duration]) -> Self {
        Self { pauses }
    }

    /// How long to wait after the attempt of this number, from 1, has failed; `None` when it was the last.
    pub(crate) fn pause_after(self, attempt: u32) -> Option<Duration> {
        self.pauses.get(attempt as usize - 1).copied()
    }
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
