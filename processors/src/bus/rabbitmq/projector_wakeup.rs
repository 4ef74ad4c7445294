//! Wakes the projector: tells it when to look at the log, and whether it is its turn among several.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use projections::Views;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::connection::{Amqp, supervise, while_alive};
use super::message::position;

/// Wake-ups that may come before the first is acknowledged.
const PREFETCH: u16 = 1_000;
/// How long an active projector trusts to be woken.
const POLL: Duration = Duration::from_secs(1);
/// How long the views may stand still behind the log before one that stands by folds all the same: shorter than the
/// answer to a command waits for the views.
const STANDS_STILL: Duration = Duration::from_millis(500);
/// How long the views may take to reach a wake-up's position before it is acknowledged anyway.
const PATIENCE: Duration = Duration::from_secs(60);

/// The wake-ups of one projector.
#[derive(Clone, Default)]
pub struct ProjectorWakeup(Arc<Inner>);

#[derive(Default)]
struct Inner {
    woken: Notify,
    turn: watch::Sender<Turn>,
}

/// Whose turn it is to fold. Two that fold at once do no harm, but do the work twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turn {
    /// Nobody can tell, because the broker is away.
    #[default]
    Anyone,
    /// The broker has chosen another one, as far as is known.
    Others,
    /// The broker has chosen this one.
    Ours,
}

impl ProjectorWakeup {
    /// Listens to the broker until shutdown.
    pub async fn run(self, amqp: Amqp, views: Views, shutdown: CancellationToken) {
        let listen = || async {
            let heard = self.hear(&amqp, &views).await;
            self.0.turn.send_replace(Turn::Anyone);
            heard
        };
        shutdown.run_until_cancelled(supervise("project", listen)).await;
    }

    /// Waits for a reason to look at the log behind a position.
    ///
    /// # Errors
    /// When the views do not answer.
    pub async fn wait(&self, heads: &mut watch::Receiver<u64>, views: &Views, mut position: u64) -> Result<()> {
        let mut turn = self.0.turn.subscribe();
        loop {
            if *turn.borrow_and_update() != Turn::Others {
                let head = timeout(POLL, heads.wait_for(|head| *head > position));
                tokio::select! { _ = head => {}, () = self.0.woken.notified() => {} }
                return Ok(());
            }
            tokio::select! {
                () = self.0.woken.notified() => return Ok(()),
                _ = turn.changed() => {}
                () = sleep(STANDS_STILL) => match views.checkpoint().await? {
                    reached if reached <= position => return Ok(()),
                    reached => position = reached,
                }
            }
        }
    }

    /// The queue has a single active consumer: whoever gets a message is it, until its channel is gone. The newest message is
    /// kept until the views are there; should this process die before, the next one hears it at once.
    async fn hear(&self, amqp: &Amqp, views: &Views) -> Result<()> {
        let (channel, queue) = (amqp.consuming.channel().await?, amqp.names.queue("project"));
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await.context("limiting deliveries")?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let inbox = channel.basic_consume(queue.as_str().into(), "".into(), options, arguments).await;
        let mut inbox = inbox.with_context(|| format!("taking messages from {queue}"))?;
        self.0.turn.send_replace(Turn::Others);
        while_alive(&channel, async {
            while let Some(message) = inbox.next().await {
                let mut newest = message.context("receiving a message")?;
                while let Some(Some(message)) = inbox.next().now_or_never() {
                    newest = message.context("receiving a message")?;
                }
                self.0.turn.send_replace(Turn::Ours);
                self.0.woken.notify_one();
                views.wait_for(position(&newest.properties).unwrap_or_default(), PATIENCE).await?;
                newest.ack(BasicAckOptions { multiple: true }).await.context("acknowledging")?;
            }
            bail!("the queue {queue} or the connection to it is gone")
        })
        .await
    }
}
