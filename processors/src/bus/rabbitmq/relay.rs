//! The relay: publishes the log to RabbitMQ in its order, and sends again what is not done. One process leads
//! at a time. Its durable position follows what the broker has confirmed, so a crash repeats events and loses none.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use commands::{Checkpoints, EventStore, WorkItem, WorkQueue};
use domain::Recorded;
use lapin::Channel;
use lapin::options::ConfirmSelectOptions;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::connection::{Amqp, supervise, while_alive};
use super::publish::{confirmed, publish, publish_to};
use super::topology;
use super::worker::LEASE;
use crate::runtime::consumer::Consumer;

/// Events published at once.
const BATCH: u32 = 500;
/// Batches that may wait for the broker's confirms.
const WINDOW: usize = 4;
/// How often to look for work that is due.
const TICK: Duration = Duration::from_millis(250);
/// How often to look whether the queues are still there.
const CHECK: Duration = Duration::from_secs(5);

/// The checkpoint up to which the log is published and confirmed.
pub const RELAY: &str = "relay";
/// Up to where the stream of the broker holds the log.
const REPLAY: &str = "replay";
/// The queue that wakes the projector: it gets the last event of each batch.
const PROJECT: &str = "project";

/// What the relay works with.
#[derive(Clone)]
pub struct Relay {
    /// The broker.
    pub amqp: Amqp,
    /// The log.
    pub store: EventStore,
    /// The durable positions.
    pub checkpoints: Checkpoints,
    /// What the consumers have to do.
    pub work_queue: WorkQueue,
    /// Who has to do it.
    pub consumers: Vec<Consumer>,
}

/// A channel that is published over until something goes wrong.
struct PublishSession<'a> {
    relay: &'a Relay,
    channel: Channel,
    ticked: Instant,
    checked: Instant,
}

impl Relay {
    /// Runs until shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(supervise(RELAY, || self.lead())).await;
    }

    /// Waits until no other process leads, then publishes.
    async fn lead(&self) -> Result<()> {
        let mut lease = self.work_queue.lead().await?;
        tokio::select! {
            published = self.publish() => published,
            lost = lease.lost() => match lost? {},
        }
    }

    async fn publish(&self) -> Result<()> {
        self.prepare().await?;
        let channel = self.amqp.publishing.channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.context("asking for confirms")?;
        let now = Instant::now();
        let mut session = PublishSession { relay: self, channel: channel.clone(), ticked: now, checked: now };
        while_alive(&channel, async {
            session.refill().await?;
            session.follow().await
        })
        .await
    }

    /// Declares what is not there. What has to be sent once more because of that is noted before, so that a crash in
    /// between does not hide it.
    async fn prepare(&self) -> Result<()> {
        let names = &self.amqp.names;
        if !self.amqp.has_queue(&names.replay()).await? {
            self.checkpoints.restart(REPLAY).await?;
        }
        for consumer in &self.consumers {
            self.catch_up(consumer).await?;
            if !self.amqp.has_queue(&names.queue(consumer.name)).await? {
                self.work_queue.send_again(consumer.name).await?;
            }
        }
        self.amqp.declare(&self.consumers).await
    }

    /// Gives a consumer its share of what is published already: it is new, or came from the embedded bus.
    async fn catch_up(&self, consumer: &Consumer) -> Result<()> {
        let published = self.checkpoints.get(RELAY).await?;
        let mut position = self.checkpoints.get(consumer.name).await?;
        while position < published {
            let events = self.store.read(position, BATCH).await?;
            let Some(last) = events.last() else { break };
            self.work_queue.add(&work(&events, &[(consumer, position)], false)).await?;
            position = last.position;
            self.checkpoints.set(consumer.name, position).await?;
        }
        Ok(())
    }

    /// Notes that the broker has everything up to a position.
    async fn advance(&self, position: u64) -> Result<()> {
        let mut names = vec![RELAY, REPLAY];
        names.extend(self.consumers.iter().map(|consumer| consumer.name));
        self.work_queue.advance(&names, position).await
    }
}

impl PublishSession<'_> {
    /// Publishes to the stream alone what it lost; everyone else has it.
    async fn refill(&mut self) -> Result<()> {
        let Relay { amqp, store, checkpoints, .. } = self.relay;
        let (published, mut position) = (checkpoints.get(RELAY).await?, checkpoints.get(REPLAY).await?);
        while position < published {
            let mut events = store.read(position, BATCH).await?;
            events.retain(|event| event.position <= published);
            position = events.last().context("the log ends before the relay")?.position;
            confirmed(publish(&self.channel, &amqp.names.refill(), &events).await?).await?;
            checkpoints.set(REPLAY, position).await?;
            self.look_around().await?;
        }
        Ok(())
    }

    /// Publishes the log from where it is confirmed, and then what comes.
    async fn follow(&mut self) -> Result<()> {
        let Relay { amqp, store, checkpoints, work_queue, consumers } = self.relay;
        let (mut heads, exchange) = (store.heads(), amqp.names.events());
        let mut position = checkpoints.get(RELAY).await?;
        let mut known = vec![];
        for consumer in consumers {
            known.push((consumer, checkpoints.get(consumer.name).await?));
        }
        info!(position, "the relay publishes");
        let mut unconfirmed = VecDeque::new();
        loop {
            let batch = if unconfirmed.len() < WINDOW { store.read(position, BATCH).await? } else { vec![] };
            if let Some(last) = batch.last() {
                position = last.position;
                // Before a consumer can hear of it: who finds nothing to do believes that it was done.
                work_queue.add(&work(&batch, &known, true)).await?;
                let mut confirms = publish(&self.channel, &exchange, &batch).await?;
                confirms.push(publish_to(&self.channel, &amqp.names.queue(PROJECT), last).await?);
                unconfirmed.push_back((position, confirms));
            } else if let Some((position, confirms)) = unconfirmed.pop_front() {
                confirmed(confirms).await?;
                self.relay.advance(position).await?;
            } else {
                let _ = timeout(TICK, heads.wait_for(|head| *head > position)).await;
            }
            self.look_around().await?;
        }
    }

    /// Now and then: sends what is due, and looks whether the queues are still there.
    async fn look_around(&mut self) -> Result<()> {
        ensure!(self.channel.status().connected(), "the channel was closed");
        if self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            self.send_due().await?;
        }
        if self.checked.elapsed() >= CHECK {
            self.checked = Instant::now();
            let names = &self.relay.amqp.names;
            for queue in self.relay.consumers.iter().map(|consumer| consumer.name).chain([PROJECT, REPLAY]) {
                let queue = names.queue(queue);
                topology::ready(&self.channel, &queue)
                    .await
                    .with_context(|| format!("looking for the queue {queue}"))?;
            }
        }
        Ok(())
    }

    /// Sends a message for each delivery that needs one, to the consumer's queue alone.
    async fn send_due(&self) -> Result<()> {
        let due = self.relay.work_queue.due(BATCH).await?;
        for consumer in &self.relay.consumers {
            let (missed, unsent): (Vec<_>, Vec<_>) =
                due.iter().filter(|delivery| delivery.consumer == consumer.name).partition(|delivery| delivery.sent);
            let queue = self.relay.amqp.names.queue(consumer.name);
            // A message that waits behind others is not lost. When none waits, it is.
            let lost = !missed.is_empty() && topology::ready(&self.channel, &queue).await? == 0;
            let positions: Vec<_> = missed.iter().chain(&unsent).map(|delivery| delivery.position).collect();
            if !positions.is_empty() {
                // Noted before it is done: a worker may have failed again by then, and asked for yet another message.
                self.relay.work_queue.sent(consumer.name, &positions, LEASE).await?;
            }
            for delivery in unsent.iter().chain(missed.iter().filter(|_| lost)) {
                self.send_one(&queue, delivery.position).await?;
            }
        }
        Ok(())
    }

    async fn send_one(&self, queue: &str, position: u64) -> Result<()> {
        let event = self.relay.store.read(position - 1, 1).await?.into_iter().next();
        let event = event.context("a delivery is beyond the log")?;
        confirmed(vec![publish_to(&self.channel, queue, &event).await?]).await
    }
}

/// What consumers have to do because of some events, each after the position that it knows.
fn work(events: &[Recorded], known: &[(&Consumer, u64)], sent: bool) -> Vec<WorkItem> {
    let mut work = vec![];
    for event in events {
        for (consumer, position) in known {
            if event.position > *position && consumer.reacts_to(&event.event_type) {
                work.push(WorkItem { consumer: consumer.name.to_owned(), position: event.position, sent });
            }
        }
    }
    work
}
