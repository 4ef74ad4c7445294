//! The bus seam: how events reach the consumers. The bus is the doorbell, the log is the truth:
//! whatever rings, events are read from the log by position.

use std::time::Duration;

use anyhow::{Result, bail};
use commands::EventStore;
use domain::Recorded;
use url::Url;

/// How long a consumer waits without being woken before it looks at the log by itself.
const POLL: Duration = Duration::from_secs(1);

/// What carries events to consumers.
#[derive(Clone)]
pub enum Bus {
    /// Consumers read the log itself and are woken in process.
    Log(EventStore),
}

impl Bus {
    /// Opens the bus that a URL names: `log:`.
    ///
    /// # Errors
    /// When the scheme is not supported.
    pub fn open(url: &Url, store: EventStore) -> Result<Self> {
        match url.scheme() {
            "log" => Ok(Self::Log(store)),
            other => bail!("the bus URL begins with '{other}:'; supported is log:"),
        }
    }

    /// The events after a position, at most `limit`; waits until there are some.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn next(&self, after: u64, limit: u32) -> Result<Vec<Recorded>> {
        let Self::Log(store) = self;
        let mut heads = store.heads();
        loop {
            let events = store.read(after, limit).await?;
            if !events.is_empty() {
                return Ok(events);
            }
            // A missed wake-up costs one poll, never an event.
            let _ = tokio::time::timeout(POLL, heads.wait_for(|head| *head > after)).await;
        }
    }
}
