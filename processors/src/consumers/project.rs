//! The consumer `project`: folds the log into the views, in order, a batch in one transaction.

use std::time::Duration;

use anyhow::{Result, ensure};
use commands::{DeadLetters, EventStore};
use domain::Recorded;
use projections::Views;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::bus::rabbitmq::projector_wakeup::ProjectorWakeup;

/// Names its parked events.
pub const NAME: &str = "project";
/// Events folded in one transaction.
const BATCH: u32 = 1_000;
/// How long to wait without being woken before looking at the log.
const POLL: Duration = Duration::from_secs(1);
/// The pause after a failure, such as when the database is away.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// Times a single event may fail before it is parked.
const ATTEMPTS: u32 = 5;

/// What the projector works with.
pub struct Projector {
    /// The log.
    pub store: EventStore,
    /// What is folded.
    pub views: Views,
    /// Where parked events are noted.
    pub dead_letters: DeadLetters,
    /// Tells when to look at the log, and whether it is this projector's turn; without one, it is the only one.
    pub wakeup: Option<ProjectorWakeup>,
}

impl Projector {
    /// Runs until shutdown. The checkpoint moves with the views, so a crash repeats nothing and loses nothing.
    pub async fn run(self, shutdown: CancellationToken) {
        let work = async {
            loop {
                if let Err(error) = self.follow().await {
                    error!(consumer = NAME, error = format!("{error:#}"), "consumer starts again");
                    tokio::time::sleep(RESTART_PAUSE).await;
                }
            }
        };
        shutdown.run_until_cancelled(work).await;
    }

    async fn follow(&self) -> Result<()> {
        let mut heads = self.store.heads();
        let mut position = self.views.checkpoint().await?;
        loop {
            let events = self.store.read(position, BATCH).await?;
            if !events.is_empty() {
                position = fold(&self.views, &self.dead_letters, &events).await?;
                continue;
            }
            match &self.wakeup {
                // A missed wake-up costs one poll, never an event.
                None => drop(timeout(POLL, heads.wait_for(|head| *head > position)).await),
                Some(wakeup) => wakeup.wait(&mut heads, &self.views, position).await?,
            }
            position = self.views.checkpoint().await?;
        }
    }
}

/// Folds a batch into the views, parking what cannot be folded. Says how far the views are.
///
/// # Errors
/// When the views cannot be reached.
pub async fn fold(views: &Views, dead_letters: &DeadLetters, events: &[Recorded]) -> Result<u64> {
    match views.apply(events).await {
        Ok(position) => Ok(position),
        Err(_) => one_by_one(views, dead_letters, events).await,
    }
}

/// Finds the event that a batch fails on, so that the others are folded.
async fn one_by_one(views: &Views, dead_letters: &DeadLetters, events: &[Recorded]) -> Result<u64> {
    let mut position = views.checkpoint().await?;
    let first = events.first().map_or(0, |event| event.position);
    // After a rebuild the views are behind this batch; no event of it is to blame.
    ensure!(first <= position + 1, "the views are at position {position}, the batch begins at {first}");
    for event in events.iter().filter(|event| event.position > position).collect::<Vec<_>>() {
        position = apply_or_park(views, dead_letters, event).await?;
    }
    Ok(position)
}

async fn apply_or_park(views: &Views, dead_letters: &DeadLetters, event: &Recorded) -> Result<u64> {
    // An event is only to blame when the database answers: else the whole consumer waits and starts again.
    let mut failure = None;
    for _ in 0..ATTEMPTS {
        match views.apply(std::slice::from_ref(event)).await {
            Ok(position) => return Ok(position),
            Err(error) => failure = Some(error),
        }
        views.checkpoint().await?;
    }
    let error = failure.map(|error| format!("{error:#}")).unwrap_or_default();
    error!(consumer = NAME, position = event.position, event_type = event.event_type, error, "event parked");
    dead_letters.add(NAME, event.position, &error).await?;
    views.skip(event.position).await?;
    Ok(event.position)
}
