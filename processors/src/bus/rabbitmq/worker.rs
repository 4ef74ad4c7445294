//! A competing consumer: takes messages from its queue, handles the events that they name, and strikes them out of the
//! to-do list. How often an event was begun is counted there, also over the deaths of processes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Error, Result, bail};
use commands::{Claim, WorkQueue};
use futures::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use tokio::sync::{Mutex as Turn, OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use super::connection::{Amqp, supervise};
use super::message::position;
use crate::lock::lock;
use crate::runtime::context::Context;
use crate::runtime::reaction::Reaction;
use crate::runtime::retry::{RetryPolicy, retry_forever};

/// How long a delivery is believed to be at work without a word.
pub const LEASE: Duration = Duration::from_secs(60);
/// How often a worker says that it is still at work.
const SIGN: Duration = Duration::from_secs(15);
/// How long an acknowledgement may take to leave this process.
const ACK: Duration = Duration::from_secs(5);
/// How long an event is kept here while a store is away. RabbitMQ gives up a consumer that keeps a message for 30 minutes.
const OUTAGE: Duration = Duration::from_secs(10 * 60);

/// A consumer at its queue.
#[derive(Clone)]
pub struct Worker {
    /// Who it is and what it does.
    pub reaction: Reaction,
    /// The broker.
    pub amqp: Amqp,
    /// Has the log, and is asked whether it answers.
    pub context: Context,
    /// What is to be done.
    pub work_queue: WorkQueue,
    /// How often an event is tried.
    pub retry: RetryPolicy,
    at_work: AtWork,
}

/// What this process works on. It outlives channels: work goes on while the broker is away.
#[derive(Clone)]
struct AtWork {
    slots: Arc<Semaphore>,
    /// A message that comes again meanwhile waits for its turn, and then finds its work done.
    turns: Arc<Mutex<HashMap<u64, Arc<Turn<()>>>>>,
}

impl Worker {
    /// A consumer with the usual patience.
    pub fn new(reaction: Reaction, amqp: Amqp, context: Context, work_queue: WorkQueue) -> Self {
        let slots = Arc::new(Semaphore::new(reaction.consumer.concurrency));
        let at_work = AtWork { slots, turns: Arc::default() };
        Self { reaction, amqp, context, work_queue, retry: RetryPolicy::USUAL, at_work }
    }

    /// Runs until shutdown. Work in flight is dropped then: it was not acknowledged, so it comes again.
    pub async fn run(self, tasks: TaskTracker, shutdown: CancellationToken) {
        let begin = |message, slot| {
            let (worker, shutdown) = (self.clone(), shutdown.clone());
            tasks.spawn(async move {
                shutdown.run_until_cancelled(worker.work(message)).await;
                drop(slot);
            });
        };
        shutdown.run_until_cancelled(supervise(self.reaction.consumer.name, || self.take(&begin))).await;
    }

    /// Takes messages as long as the channel lives, no more at a time than are worked on.
    async fn take(&self, begin: impl Fn(Delivery, OwnedSemaphorePermit)) -> Result<()> {
        let channel = self.amqp.consuming.channel().await?;
        let prefetch = u16::try_from(self.reaction.consumer.concurrency)?;
        channel.basic_qos(prefetch, BasicQosOptions::default()).await.context("limiting deliveries")?;
        let queue = self.amqp.names.queue(self.reaction.consumer.name);
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let inbox = channel.basic_consume(queue.as_str().into(), "".into(), options, arguments).await;
        let mut inbox = inbox.with_context(|| format!("taking messages from {queue}"))?;
        while let Some(message) = inbox.next().await {
            let message = message.context("receiving a message")?;
            begin(message, self.at_work.slots.clone().acquire_owned().await?);
        }
        bail!("the queue {queue} or the connection to it is gone")
    }

    async fn work(&self, message: Delivery) {
        let Some(position) = position(&message.properties) else {
            warn!(consumer = self.reaction.consumer.name, routing_key = %message.routing_key, "a message names no position");
            let _ = message.reject(BasicRejectOptions { requeue: false }).await;
            return;
        };
        let turn = self.at_work.turn(position);
        let held = turn.lock().await;
        self.settle(position).await;
        drop(held);
        // When the channel is gone, the message comes again and finds nothing to do. A connection that is just dying may
        // never answer: nobody waits for it, least of all the message that came again.
        let _ = timeout(ACK, message.ack(BasicAckOptions::default())).await;
    }

    /// Handles an event unless that is done already, and notes how it went.
    async fn settle(&self, position: u64) {
        let (name, work_queue) = (self.reaction.consumer.name, &self.work_queue);
        let Some(claim) = retry_forever(|| work_queue.claim(name, position, LEASE)).await else { return };
        let Err(failure) = self.attempt(&claim, position).await else {
            return retry_forever(|| work_queue.finish(name, position)).await;
        };
        let (attempt, failure) = (claim.attempt, in_words(&failure));
        if let Err(away) = self.context.check().await {
            warn!(consumer = name, position, error = failure, away = in_words(&away), "event failed and waits");
            self.wait_for_stores(position).await;
            return retry_forever(|| work_queue.give_back(name, position, &failure)).await;
        }
        match self.retry.pause_after(attempt) {
            Some(pause) => {
                warn!(consumer = name, position, attempt, error = failure, "event failed");
                retry_forever(|| work_queue.retry(name, position, pause, &failure)).await;
            }
            None => {
                error!(consumer = name, position, attempt, error = failure, "event parked");
                retry_forever(|| work_queue.dead_letter(name, position, &failure)).await;
            }
        }
    }

    /// Keeps an event as long as a store is away, which it is not to blame for.
    async fn wait_for_stores(&self, position: u64) {
        tokio::select! {
            _ = timeout(OUTAGE, self.context.wait_for_stores()) => {}
            never = self.keep(position) => match never {},
        }
    }

    async fn attempt(&self, claim: &Claim, position: u64) -> Result<()> {
        let Claim { attempt, last_error } = claim;
        if *attempt > 1 && self.retry.pause_after(attempt - 1).is_none() {
            bail!(
                "begun {} times and never ended; {}",
                attempt - 1,
                last_error.as_deref().unwrap_or("its process died")
            );
        }
        let event = retry_forever(|| self.context.commands.store.read(position - 1, 1)).await.into_iter().next();
        let event = event.context("the event is not in the log")?;
        tokio::select! {
            handled = self.reaction.handle(event) => handled,
            never = self.keep(position) => match never {},
        }
    }

    /// Says again and again that the work goes on.
    async fn keep(&self, position: u64) -> Infallible {
        loop {
            sleep(SIGN).await;
            if let Err(error) = self.work_queue.keep(self.reaction.consumer.name, position, LEASE).await {
                warn!(
                    consumer = self.reaction.consumer.name,
                    position,
                    error = format!("{error:#}"),
                    "no sign of work was left"
                );
            }
        }
    }
}

impl AtWork {
    fn turn(&self, position: u64) -> Arc<Turn<()>> {
        let mut turns = lock(&self.turns);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(position).or_default().clone()
    }
}

/// A failure with its causes, as it can be stored: PostgreSQL takes no NUL.
fn in_words(failure: &Error) -> String {
    format!("{failure:#}").replace('\0', "\u{FFFD}")
}
