//! Moves what the broker gave up on into the table of parked events, so that one place tells what needs a person.

use anyhow::{Context, Result, bail};
use commands::WorkQueue;
use futures::StreamExt;
use lapin::BasicProperties;
use lapin::options::{BasicAckOptions, BasicConsumeOptions};
use lapin::types::{AMQPValue, FieldTable};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::connection::{Amqp, supervise};
use super::message::position;

/// Runs until shutdown.
pub async fn collect(amqp: Amqp, work_queue: WorkQueue, shutdown: CancellationToken) {
    shutdown.run_until_cancelled(supervise("parked", || take(&amqp, &work_queue))).await;
}

async fn take(amqp: &Amqp, work_queue: &WorkQueue) -> Result<()> {
    let (channel, queue) = (amqp.consuming.channel().await?, amqp.names.dead_letters());
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    let inbox = channel.basic_consume(queue.as_str().into(), "".into(), options, arguments).await;
    let mut inbox = inbox.with_context(|| format!("taking messages from {queue}"))?;
    while let Some(message) = inbox.next().await {
        let message = message.context("receiving a message")?;
        let dead = |name| header(&message.properties, name).unwrap_or_default();
        let (from, reason) = (dead("x-first-death-queue"), dead("x-first-death-reason"));
        match (amqp.names.consumer(&from), position(&message.properties)) {
            (Some(consumer), Some(position)) => {
                let reason =
                    format!("the broker gave up: {reason}; each time, the consumer died or lost its connection");
                error!(consumer, position, error = reason, "event parked");
                work_queue.dead_letter(consumer, position, &reason).await?;
            }
            _ => {
                error!(queue = from, reason, routing_key = %message.routing_key, "dropped a message that is none of ours");
            }
        }
        message.ack(BasicAckOptions::default()).await.context("acknowledging")?;
    }
    bail!("the queue {queue} or the connection to it is gone")
}

fn header(properties: &BasicProperties, name: &str) -> Option<String> {
    match properties.headers().as_ref()?.inner().get(name)? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        _ => None,
    }
}
