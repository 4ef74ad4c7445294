//! The loop of a reacting consumer on the embedded bus: read the log, handle with retries, park what keeps failing, move
//! the checkpoint. Delivery is at least once, so every handler is idempotent.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::Recorded;
use futures::{StreamExt, stream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

use super::consumer::Consumer;
use super::context::Context;
use super::retry::guarded;

/// Events read from the log at once.
const BATCH: u32 = 256;
/// Deliveries of one event before it is parked.
const ATTEMPTS: u32 = 5;
/// The usual pause after the first failure; doubled after each further one.
pub const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The pause after the loop itself failed, such as when the database is away.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// Positions without work after which the checkpoint moves all the same.
const IDLE_STRIDE: u64 = 1_000;

/// A consumer that reads the log itself: where it stands and what it needs to move on.
pub(crate) struct LogLoop {
    /// What it reacts to.
    pub consumer: Consumer,
    /// Has the log and keeps the durable position.
    pub context: Context,
    /// Tells the position in process.
    pub position: watch::Sender<u64>,
    /// The pause after the first failure of an event.
    pub first_pause: Duration,
    /// Ends the loop.
    pub shutdown: CancellationToken,
}

impl LogLoop {
    /// Runs until shutdown; an error of the loop itself is logged and the loop starts again from the checkpoint.
    pub async fn run<H, F>(self, handle: H)
    where
        H: Fn(Recorded) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let work = async {
            loop {
                if let Err(error) = self.follow(&handle).await {
                    error!(consumer = self.consumer.name, error = format!("{error:#}"), "consumer starts again");
                    tokio::time::sleep(RESTART_PAUSE).await;
                }
            }
        };
        // Work in flight is dropped at shutdown: it was not acknowledged, so it comes again.
        self.shutdown.run_until_cancelled(work).await;
    }

    async fn follow<H, F>(&self, handle: &H) -> Result<()>
    where
        H: Fn(Recorded) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (name, commands) = (self.consumer.name, &self.context.commands);
        let mut saved = commands.checkpoints.get(name).await?;
        self.position.send_replace(saved);
        loop {
            let position = *self.position.borrow();
            let events = commands.store.wait_for_events(position, BATCH).await?;
            let deliveries = stream::iter(events).map(|event| self.spawn(handle, event));
            let mut done = deliveries.buffered(self.consumer.concurrency);
            while let Some(delivery) = done.next().await {
                let (position, worked) = delivery.context("delivering an event")??;
                if worked || position >= saved + IDLE_STRIDE {
                    commands.checkpoints.set(name, position).await?;
                    saved = position;
                }
                self.position.send_replace(position);
            }
        }
    }

    /// Delivers an event in a task of its own. A delivery that is only polled here would stand still, perhaps with a
    /// database connection in its hands, while this loop waits for such a connection to move the checkpoint.
    #[expect(clippy::disallowed_methods, reason = "the task ends with its handle, which the loop holds")]
    fn spawn<H, F>(&self, handle: &H, event: Recorded) -> AbortOnDropHandle<Result<(u64, bool)>>
    where
        H: Fn(Recorded) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (consumer, context, first_pause) = (self.consumer, self.context.clone(), self.first_pause);
        let handle = handle.clone();
        let delivery = async move { deliver(consumer, &context, first_pause, &handle, event).await };
        AbortOnDropHandle::new(tokio::spawn(delivery))
    }
}

/// Handles an event, or parks it after too many failures. Says its position and whether there was work.
async fn deliver<H, F>(
    consumer: Consumer,
    context: &Context,
    first_pause: Duration,
    handle: &H,
    event: Recorded,
) -> Result<(u64, bool)>
where
    H: Fn(Recorded) -> F,
    F: Future<Output = Result<()>>,
{
    let position = event.position;
    if !consumer.reacts_to(&event.event_type) {
        return Ok((position, false));
    }
    if let Err(error) = attempt(consumer, context, first_pause, handle, &event).await {
        let error = format!("{error:#}");
        error!(consumer = consumer.name, position, event_type = event.event_type, error, "event parked");
        context.commands.dead_letters.add(consumer.name, position, &error).await?;
    }
    Ok((position, true))
}

/// Tries again after a pause, for ever as long as a store is away.
async fn attempt<H, F>(
    consumer: Consumer,
    context: &Context,
    mut pause: Duration,
    handle: &H,
    event: &Recorded,
) -> Result<()>
where
    H: Fn(Recorded) -> F,
    F: Future<Output = Result<()>>,
{
    let mut attempt = 1;
    while let Err(error) = guarded(handle(event.clone())).await {
        let is_away = context.check().await.is_err();
        if attempt == ATTEMPTS && !is_away {
            return Err(error);
        }
        let reason = format!("{error:#}");
        warn!(consumer = consumer.name, position = event.position, attempt, is_away, error = reason, "event failed");
        if is_away {
            context.wait_for_stores().await;
        } else {
            tokio::time::sleep(pause).await;
            (attempt, pause) = (attempt + 1, pause * 2);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use anyhow::bail;
    use commands::{Commands, ServiceKeys, sequencer};
    use domain::customer::CustomerDetails;
    use domain::{Customer, CustomerCommand, Metadata, UserId};
    use projections::Projections;
    use tokio::sync::Notify;
    use uuid::Uuid;

    use super::*;

    /// Tests are impatient.
    const PAUSE: Duration = Duration::from_millis(5);

    const CONSUMER: Consumer = Consumer { name: "test", concurrency: 2, wants: &["CustomerRegistered"] };

    #[tokio::test]
    async fn what_keeps_failing_is_parked_and_the_rest_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let context = with_customers(folder.path(), 3).await;
        let handled = Arc::new(Mutex::new(vec![]));
        let seen = handled.clone();
        let handle = move |event: Recorded| {
            let seen = seen.clone();
            async move {
                match event.position {
                    1 => bail!("the first event is poison"),
                    3 => panic!("the second is worse"),
                    position => seen.lock().unwrap().push(position),
                }
                Ok(())
            }
        };
        run_until(&context, 6, handle).await;
        let parked = context.commands.dead_letters.all().await.unwrap();
        let parked: Vec<_> = parked.iter().map(|parked| (parked.position, parked.error.as_str())).collect();
        assert_eq!(parked, [(1, "the first event is poison"), (3, "the handler panicked")]);
        assert_eq!(*handled.lock().unwrap(), [5]);
        assert_eq!(context.commands.checkpoints.get("test").await.unwrap(), 5);
    }

    #[tokio::test]
    async fn an_event_waits_for_a_store_that_is_away_without_counting_attempts() {
        let folder = tempfile::tempdir().unwrap();
        let context = with_customers(folder.path(), 1).await;
        let (frames, away) = (folder.path().join("frames"), folder.path().join("away"));
        std::fs::rename(&frames, &away).unwrap();
        let (failures, failed) = (Arc::new(Mutex::new(0)), Arc::new(Notify::new()));
        let (count, tell, folder) = (failures.clone(), failed.clone(), frames.clone());
        let handle = move |_| {
            let (count, tell, folder) = (count.clone(), tell.clone(), folder.clone());
            async move {
                if folder.exists() {
                    return Ok(());
                }
                *count.lock().unwrap() += 1;
                tell.notify_one();
                bail!("the frames are away")
            }
        };
        let return_later = async {
            failed.notified().await;
            // Long enough for all attempts, if they counted.
            tokio::time::sleep(PAUSE * 100).await;
            std::fs::rename(&away, &frames).unwrap();
        };
        tokio::join!(run_until(&context, 2, handle), return_later);
        assert_eq!(*failures.lock().unwrap(), 1);
        assert_eq!(context.commands.dead_letters.all().await.unwrap(), []);
    }

    /// Runs the consumer until it has reached a position.
    async fn run_until<F>(
        context: &Context,
        position: u64,
        handle: impl Fn(Recorded) -> F + Clone + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (sender, mut reached) = watch::channel(0);
        let (context, shutdown) = (context.clone(), CancellationToken::new());
        let log_loop = LogLoop { consumer: CONSUMER, context, position: sender, first_pause: PAUSE, shutdown };
        tokio::select! {
            () = log_loop.run(handle) => unreachable!("nobody shuts it down"),
            reached = reached.wait_for(|reached| *reached == position) => drop(reached.unwrap()),
        }
    }

    /// Each customer makes two events: it is registered, and its owner becomes a member.
    async fn with_customers(folder: &Path, count: u128) -> Context {
        let url = |scheme: &str, name: &str| format!("{scheme}://{}", folder.join(name).display()).parse().unwrap();
        let secrets = ServiceKeys::new("a secret of this test, long enough to be taken").unwrap();
        let commands = Commands::open(&url("sqlite", "events.sqlite"), &url("file", "files"), secrets).await.unwrap();
        for id in 1..=count {
            let details = CustomerDetails { name: format!("Customer {id}"), description: None };
            let command = CustomerCommand::RegisterCustomer { details, owner: UserId::default() };
            commands.store.execute::<Customer>(Uuid::from_u128(id), command, &Metadata::default()).await.unwrap();
        }
        sequencer::number(&commands.store).await.unwrap();
        let (views, frames) = (url("sqlite", "views.sqlite"), url("file", "frames"));
        let projections = Projections::open(&views, &frames, &"memory:".parse().unwrap()).await.unwrap();
        Context { commands, projections, mailer: None }
    }
}
