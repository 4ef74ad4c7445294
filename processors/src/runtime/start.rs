//! Starts the tasks of the chosen roles.

use std::future::Future;

use anyhow::{Context as _, Result, bail};
use commands::DeadLetter;
use domain::Recorded;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::consumer::Consumer;
use super::context::Context;
use super::log_loop::{FIRST_PAUSE, LogLoop};
use super::metrics::Attempts;
use super::positions::Positions;
use super::registry::REACTIONS;
use super::roles::Role;
use crate::bus::Bus;
use crate::bus::rabbitmq::dead_letters;
use crate::bus::rabbitmq::projector_wakeup::ProjectorWakeup;
use crate::bus::rabbitmq::relay::Relay;
use crate::bus::rabbitmq::worker::Worker;
use crate::consumers::project::Projector;
use crate::consumers::{cleanup, ingest, notify, overlaps, segment};

/// What the consumers of this process show of themselves.
#[derive(Clone, Default)]
pub struct Started {
    /// Where they stand.
    pub positions: Positions,
    /// What they did.
    pub attempts: Attempts,
}

/// Starts the tasks of some roles; they end with `shutdown`, and `tasks` tells when.
pub fn start(
    context: &Context,
    bus: &Bus,
    roles: &[Role],
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Started {
    spawn(tasks, context.commands.store.clone().exchange_wakeups(shutdown.clone()));
    let (views, ended) = (context.projections.views.clone(), shutdown.clone());
    spawn(tasks, async move { views.follow(ended).await });
    let mut start = Start { context, bus, tasks, shutdown, started: Started::default() };
    for role in roles {
        match role {
            Role::Relay => start.relay(),
            Role::Project => start.project(),
            Role::Ingest => {
                start.react(ingest::CONSUMER, ingest::handle);
                start.react(overlaps::CONSUMER, overlaps::handle);
                start.react(cleanup::CONSUMER, cleanup::handle);
            }
            Role::Segment => start.react(segment::CONSUMER, segment::handle),
            Role::Notify => start.react(notify::CONSUMER, notify::handle),
            // Requests are served elsewhere.
            Role::Api => {}
        }
    }
    start.started
}

struct Start<'a> {
    context: &'a Context,
    bus: &'a Bus,
    tasks: &'a TaskTracker,
    shutdown: &'a CancellationToken,
    started: Started,
}

impl Start<'_> {
    fn relay(&self) {
        let commands = &self.context.commands;
        spawn(self.tasks, commands::sequencer::run(commands.store.clone(), self.shutdown.clone()));
        if let Bus::Amqp { amqp, work_queue } = self.bus {
            let relay = Relay {
                amqp: amqp.clone(),
                store: commands.store.clone(),
                checkpoints: commands.checkpoints.clone(),
                work_queue: work_queue.clone(),
                consumers: REACTIONS,
            };
            spawn(self.tasks, relay.run(self.shutdown.clone()));
            spawn(self.tasks, dead_letters::collect(amqp.clone(), work_queue.clone(), self.shutdown.clone()));
        }
    }

    fn project(&self) {
        let Context { commands, projections, .. } = self.context;
        let wakeup = match self.bus {
            Bus::Log => None,
            Bus::Amqp { amqp, .. } => {
                let wakeup = ProjectorWakeup::default();
                let views = projections.views.clone();
                spawn(self.tasks, wakeup.clone().run(amqp.clone(), views, self.shutdown.clone()));
                Some(wakeup)
            }
        };
        let (store, dead_letters) = (commands.store.clone(), commands.dead_letters.clone());
        let projector = Projector { store, views: projections.views.clone(), dead_letters, wakeup };
        spawn(self.tasks, projector.run(self.shutdown.clone()));
    }

    fn react<F>(&mut self, consumer: Consumer, handle: fn(Context, Recorded) -> F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (context, shutdown) = (self.context.clone(), self.shutdown.clone());
        let handle = {
            let (context, attempts) = (context.clone(), self.started.attempts.clone());
            move |event| {
                let (work, attempts) = (handle(context.clone(), event), attempts.clone());
                async move { attempts.measure(consumer.name, work).await }
            }
        };
        match self.bus {
            Bus::Log => {
                let (position, watched) = watch::channel(0);
                self.started.positions.add(consumer.name, watched);
                let log_loop = LogLoop { consumer, context, position, first_pause: FIRST_PAUSE, shutdown };
                spawn(self.tasks, async move { log_loop.run(handle).await });
            }
            Bus::Amqp { amqp, work_queue } => {
                let worker = Worker::new(consumer, amqp.clone(), context, work_queue.clone());
                spawn(self.tasks, worker.run(handle, self.tasks.clone(), shutdown));
            }
        }
    }
}

/// Gives a parked event to its consumer once more: on the embedded bus here and now, on a message bus wherever it runs.
///
/// # Errors
/// When the consumer fails again, or is none that reacts to single events.
pub async fn replay(context: &Context, bus: &Bus, parked: &DeadLetter) -> Result<()> {
    let DeadLetter { consumer, position, .. } = parked;
    if !REACTIONS.iter().any(|reaction| reaction.name == consumer) {
        bail!("'{consumer}' folds events in order; run `datacore rebuild views` instead");
    }
    match bus {
        Bus::Log => {
            handle_again(context.clone(), consumer, *position).await?;
            context.commands.dead_letters.remove(consumer, *position).await
        }
        Bus::Amqp { work_queue, .. } => work_queue.replay(consumer, *position).await.map(drop),
    }
}

async fn handle_again(context: Context, consumer: &str, position: u64) -> Result<()> {
    let event = context.commands.store.read(position - 1, 1).await?.into_iter().next();
    let event = event.context("the parked event is not in the log")?;
    match consumer {
        "ingest" => ingest::handle(context, event).await,
        "compare" => overlaps::handle(context, event).await,
        "cleanup" => cleanup::handle(context, event).await,
        "notify" => notify::handle(context, event).await,
        _ => segment::handle(context, event).await,
    }
}

/// Every task is in the set that shutdown waits for.
fn spawn<F>(tasks: &TaskTracker, task: F)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tasks.spawn(task);
}
