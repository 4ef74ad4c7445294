//! What there is at the broker. Only the relay declares it, so that exactly one place notices what had to be made anew.
//!
//! ```text
//! datacore.events (topic) ──#──> datacore.replay          stream, for subscribers that begin anywhere
//!                         ──*.*.FileUploaded.#──> datacore.ingest …   competing consumers
//!                         ──whatever others bind──> their queues
//!   alternate exchange: datacore.unrouted                 for what nobody binds; no queue unless somebody wants it
//! (default exchange)      ─────> datacore.project         wakes the projector, one active consumer
//! datacore.refill (topic) ──#──> datacore.replay          fills a stream that was lost
//! datacore.dead   (fanout) ────> datacore.parked          what killed its consumer again and again
//! ```

use anyhow::{Context, Result};
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ErrorKind, ExchangeKind};

use super::connection::Amqp;
use crate::runtime::consumer::Consumer;

/// The stream forgets its oldest segments beyond this; the log itself never does. A policy of the broker may say less.
const REPLAY_MAX_BYTES: i64 = 10_000_000_000;
/// Deliveries of one message before the broker gives up on it. The work queue counts too and gives up earlier, with words.
const DELIVERY_LIMIT: i64 = 20;
/// Only the newest wake-up matters.
const WAKEUPS: i64 = 1_000;

impl Amqp {
    /// Whether there is a queue. The question costs the channel when there is none.
    pub(super) async fn has_queue(&self, queue: &str) -> Result<bool> {
        let channel = self.publishing.channel().await?;
        match ready(&channel, queue).await {
            Ok(_) => Ok(true),
            Err(error) if is_not_found(&error) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("looking for the queue {queue}")),
        }
    }

    /// Declares everything. What is there already stays as it is.
    pub(super) async fn declare(&self, consumers: &[Consumer]) -> Result<()> {
        let (channel, names) = (self.publishing.channel().await?, &self.names);
        let (events, unrouted, dead) = (names.events(), names.unrouted(), names.dead());
        exchange(&channel, &unrouted, ExchangeKind::Fanout, &[]).await?;
        exchange(&channel, &events, ExchangeKind::Topic, &[("alternate-exchange", text(&unrouted))]).await?;
        exchange(&channel, &names.refill(), ExchangeKind::Topic, &[]).await?;
        exchange(&channel, &dead, ExchangeKind::Fanout, &[]).await?;

        queue(&channel, &names.replay(), "stream", &[("x-max-length-bytes", number(REPLAY_MAX_BYTES))]).await?;
        bind(&channel, &names.replay(), &events, "#").await?;
        bind(&channel, &names.replay(), &names.refill(), "#").await?;
        queue(&channel, &names.dead_letters(), "quorum", &[]).await?;
        bind(&channel, &names.dead_letters(), &dead, "").await?;

        let wakeups = [("x-single-active-consumer", AMQPValue::Boolean(true)), ("x-max-length", number(WAKEUPS))];
        queue(&channel, &names.queue("project"), "quorum", &wakeups).await?;
        // Before there were wake-ups, every event came here.
        unbind(&channel, &names.queue("project"), &events, "#").await?;
        for consumer in consumers {
            let name = names.queue(consumer.name);
            let limits = [("x-delivery-limit", number(DELIVERY_LIMIT)), ("x-dead-letter-exchange", text(&dead))];
            queue(&channel, &name, "quorum", &limits).await?;
            for event in consumer.wants {
                bind(&channel, &name, &events, &format!("*.*.{event}.#")).await?;
            }
        }
        channel.close(200, "done".into()).await.context("closing a channel")
    }
}

/// How many messages wait in a queue for a consumer.
///
/// # Errors
/// When there is no such queue; the channel is closed then.
pub async fn ready(channel: &Channel, queue: &str) -> lapin::Result<u32> {
    let look = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    Ok(channel.queue_declare(queue.into(), look, FieldTable::default()).await?.message_count())
}

fn is_not_found(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(error) if error.get_id() == 404)
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind, arguments: &[(&str, AMQPValue)]) -> Result<()> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let declared = channel.exchange_declare(name.into(), kind, options, table(arguments)).await;
    declared.with_context(|| format!("declaring the exchange {name}"))
}

async fn queue(channel: &Channel, name: &str, kind: &str, arguments: &[(&str, AMQPValue)]) -> Result<()> {
    let mut arguments = table(arguments);
    arguments.insert("x-queue-type".into(), text(kind));
    let declared = channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await;
    declared.map(drop).with_context(|| format!("declaring the queue {name}"))
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<()> {
    let options = QueueBindOptions::default();
    let bound = channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default()).await;
    bound.with_context(|| format!("binding the queue {queue} to {exchange}"))
}

async fn unbind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<()> {
    let unbound = channel.queue_unbind(queue.into(), exchange.into(), key.into(), FieldTable::default()).await;
    unbound.with_context(|| format!("unbinding the queue {queue} from {exchange}"))
}

fn table(arguments: &[(&str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        table.insert((*name).into(), value.clone());
    }
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn number(value: i64) -> AMQPValue {
    AMQPValue::LongLongInt(value)
}
