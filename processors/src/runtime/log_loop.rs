//! The loop of a reacting consumer on the embedded bus: read the log, handle with retries, park what keeps failing, move
//! the checkpoint. Delivery is at least once, so every handler is idempotent.

use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::Recorded;
use futures::{StreamExt, stream};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

use super::context::Context;
use super::reaction::Reaction;
use super::retry::RetryPolicy;

/// Events read from the log at once.
const BATCH: u32 = 256;
/// The pause after the loop itself failed, such as when the database is away.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// Positions without work after which the checkpoint moves all the same.
const IDLE_STRIDE: u64 = 1_000;

/// A consumer that reads the log itself: where it stands and what it needs to move on.
pub(crate) struct LogLoop {
    /// Who it is and what it does.
    pub reaction: Reaction,
    /// Has the log and keeps the durable position.
    pub context: Context,
    /// Tells the position in process.
    pub position: watch::Sender<u64>,
    /// How often an event is tried.
    pub retry: RetryPolicy,
    /// Ends the loop.
    pub shutdown: CancellationToken,
}

/// What it takes to handle one event.
#[derive(Clone)]
struct Delivery {
    reaction: Reaction,
    context: Context,
    retry: RetryPolicy,
}

impl LogLoop {
    /// Runs until shutdown; an error of the loop itself is logged and the loop starts again from the checkpoint.
    pub async fn run(self) {
        let work = async {
            loop {
                if let Err(error) = self.follow().await {
                    error!(consumer = self.name(), error = format!("{error:#}"), "consumer starts again");
                    sleep(RESTART_PAUSE).await;
                }
            }
        };
        // Work in flight is dropped at shutdown: it was not acknowledged, so it comes again.
        self.shutdown.run_until_cancelled(work).await;
    }

    fn name(&self) -> &'static str {
        self.reaction.consumer.name
    }

    async fn follow(&self) -> Result<()> {
        let commands = &self.context.commands;
        let mut saved = commands.checkpoints.get(self.name()).await?;
        self.position.send_replace(saved);
        loop {
            let position = *self.position.borrow();
            let events = commands.store.wait_for_events(position, BATCH).await?;
            let deliveries = stream::iter(events).map(|event| self.spawn(event));
            let mut done = deliveries.buffered(self.reaction.consumer.concurrency);
            while let Some(delivery) = done.next().await {
                let (position, worked) = delivery.context("delivering an event")??;
                if worked || position >= saved + IDLE_STRIDE {
                    commands.checkpoints.set(self.name(), position).await?;
                    saved = position;
                }
                self.position.send_replace(position);
            }
        }
    }

    /// Delivers an event in a task of its own. A delivery that is only polled here would stand still, perhaps with a
    /// database connection in its hands, while this loop waits for such a connection to move the checkpoint.
    #[expect(clippy::disallowed_methods, reason = "the task ends with its handle, which the loop holds")]
    fn spawn(&self, event: Recorded) -> AbortOnDropHandle<Result<(u64, bool)>> {
        let Self { reaction, context, retry, .. } = self;
        let delivery = Delivery { reaction: reaction.clone(), context: context.clone(), retry: *retry };
        AbortOnDropHandle::new(tokio::spawn(async move { delivery.deliver(event).await }))
    }
}

impl Delivery {
    /// Handles an event, or parks it after too many failures. Says its position and whether there was work.
    async fn deliver(&self, event: Recorded) -> Result<(u64, bool)> {
        let (consumer, position) = (self.reaction.consumer, event.position);
        if !consumer.reacts_to(&event.event_type) {
            return Ok((position, false));
        }
        if let Err(error) = self.attempt(&event).await {
            let error = format!("{error:#}");
            error!(consumer = consumer.name, position, event_type = event.event_type, error, "event parked");
            self.context.commands.dead_letters.add(consumer.name, position, &error).await?;
        }
        Ok((position, true))
    }

    /// Tries again after a pause, for ever as long as a store is away.
    async fn attempt(&self, event: &Recorded) -> Result<()> {
        let (consumer, position, mut attempt) = (self.reaction.consumer.name, event.position, 1);
        while let Err(error) = self.reaction.handle(event.clone()).await {
            let failure = format!("{error:#}");
            if let Err(away) = self.context.check().await {
                warn!(consumer, position, error = failure, away = format!("{away:#}"), "event failed and waits");
                self.context.wait_for_stores().await;
                continue;
            }
            let Some(pause) = self.retry.pause_after(attempt) else { return Err(error) };
            warn!(consumer, position, attempt, error = failure, "event failed");
            sleep(pause).await;
            attempt += 1;
        }
        Ok(())
    }
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
    use crate::runtime::consumer::Consumer;

    /// Tests are impatient.
    const PAUSE: Duration = Duration::from_millis(5);
    const RETRY: RetryPolicy = RetryPolicy::new(&[PAUSE; 4]);

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
    async fn run_until<F>(context: &Context, position: u64, handle: impl Fn(Recorded) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (sender, mut reached) = watch::channel(0);
        let (context, shutdown) = (context.clone(), CancellationToken::new());
        let reaction = Reaction::new(CONSUMER, handle);
        let log_loop = LogLoop { reaction, context, position: sender, retry: RETRY, shutdown };
        tokio::select! {
            () = log_loop.run() => unreachable!("nobody shuts it down"),
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
        Context { commands, projections, mailer: None, program_version: "test".into() }
    }
}
