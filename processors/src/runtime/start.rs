//! Starts the tasks of the chosen roles.

use std::future::Future;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::context::Context;
use super::log_loop::LogLoop;
use super::metrics::Attempts;
use super::positions::Positions;
use super::reaction::Reaction;
use super::registry;
use super::retry::RetryPolicy;
use super::roles::Role;
use crate::bus::Bus;
use crate::bus::rabbitmq::dead_letters;
use crate::bus::rabbitmq::projector_wakeup::ProjectorWakeup;
use crate::bus::rabbitmq::relay::Relay;
use crate::bus::rabbitmq::worker::Worker;
use crate::consumers::project::Projector;

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
            // Requests are served elsewhere, and the others only react.
            Role::Api | Role::Ingest | Role::Segment | Role::Notify => {}
        }
        for registration in registry::of_role(*role) {
            start.react(registration.reaction(context, &start.started.attempts));
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
                consumers: registry::consumers(),
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

    fn react(&mut self, reaction: Reaction) {
        let (context, shutdown) = (self.context.clone(), self.shutdown.clone());
        match self.bus {
            Bus::Log => {
                let (position, watched) = watch::channel(0);
                self.started.positions.add(reaction.consumer.name, watched);
                let log_loop = LogLoop { reaction, context, position, retry: RetryPolicy::USUAL, shutdown };
                spawn(self.tasks, log_loop.run());
            }
            Bus::Amqp { amqp, work_queue } => {
                let worker = Worker::new(reaction, amqp.clone(), context, work_queue.clone());
                spawn(self.tasks, worker.run(self.tasks.clone(), shutdown));
            }
        }
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
