//! Gives a parked event to its consumer once more.

use anyhow::{Context as _, Result, bail};
use commands::DeadLetter;

use super::context::Context;
use super::registry::{self, RegisteredConsumer};
use crate::bus::Bus;

/// Gives a parked event to its consumer once more: on the embedded bus here and now, on a message bus wherever it runs.
///
/// # Errors
/// When the consumer fails again, or is none that reacts to single events.
pub async fn replay(context: &Context, bus: &Bus, parked: &DeadLetter) -> Result<()> {
    let DeadLetter { consumer, position, .. } = parked;
    let Some(registration) = registry::named(consumer) else {
        bail!("'{consumer}' folds events in order; run `datacore rebuild views` instead");
    };
    match bus {
        Bus::Log => {
            handle_again(context, registration, *position).await?;
            context.commands.dead_letters.remove(consumer, *position).await
        }
        Bus::Amqp { work_queue, .. } => work_queue.replay(consumer, *position).await.map(drop),
    }
}

async fn handle_again(context: &Context, registration: RegisteredConsumer, position: u64) -> Result<()> {
    let event = context.commands.store.read(position - 1, 1).await?.into_iter().next();
    registration.handle(context, event.context("the parked event is not in the log")?).await
}
