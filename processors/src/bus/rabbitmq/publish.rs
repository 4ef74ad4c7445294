//! Events on their way to the broker, and its confirms.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::Recorded;
use futures::future::maybe_done;
use futures::poll;
use lapin::options::BasicPublishOptions;
use lapin::{Channel, Confirmation, PublisherConfirm};
use tokio::time::timeout;
use tracing::warn;

use super::message::{message, routing_key};

/// How long confirms may take before somebody is told.
const SLOW: Duration = Duration::from_secs(15);
/// A message that no queue takes comes back.
const MANDATORY: BasicPublishOptions = BasicPublishOptions { mandatory: true, immediate: false };

/// Hands events to the connection, in order, and gives what will be confirmed.
pub(super) async fn publish(channel: &Channel, exchange: &str, events: &[Recorded]) -> Result<Vec<PublisherConfirm>> {
    let mut sending = Vec::with_capacity(events.len());
    for event in events {
        let (exchange, key) = (exchange.into(), routing_key(event).into());
        let (properties, body) = message(event)?;
        let publish = async move { channel.basic_publish(exchange, key, MANDATORY, &body, properties).await };
        let mut publish = Box::pin(maybe_done(publish));
        // The first poll puts the message into the connection's queue; waiting for each to leave it would be slow.
        let _ = poll!(publish.as_mut());
        sending.push(publish);
    }
    let mut confirms = Vec::with_capacity(sending.len());
    for mut publish in sending {
        publish.as_mut().await;
        confirms.push(publish.as_mut().take_output().context("publishing")?.context("publishing")?);
    }
    Ok(confirms)
}

/// Sends an event to one queue alone.
pub(super) async fn publish_to(channel: &Channel, queue: &str, event: &Recorded) -> Result<PublisherConfirm> {
    let (properties, body) = message(event)?;
    let publish = channel.basic_publish("".into(), queue.into(), MANDATORY, &body, properties);
    publish.await.context("publishing")
}

/// Waits until the broker has taken every message. An unroutable one is confirmed too, and comes back with a confirm,
/// not always its own: then nothing of this counts, and the queues are declared anew.
pub(super) async fn confirmed(confirms: Vec<PublisherConfirm>) -> Result<()> {
    for mut confirm in confirms {
        let confirmation = match timeout(SLOW, &mut confirm).await {
            Ok(confirmation) => confirmation,
            Err(_) => {
                warn!("RabbitMQ has not confirmed a message for {} s; its memory or disk may be low", SLOW.as_secs());
                confirm.await
            }
        };
        match confirmation.context("waiting for a confirm")? {
            Confirmation::Ack(None) => {}
            Confirmation::Ack(Some(message)) => bail!("no queue takes '{}'", message.routing_key),
            refused => bail!("a message was not taken: {refused:?}"),
        }
    }
    Ok(())
}
