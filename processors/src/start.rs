//! Starts the tasks of the chosen roles.

use anyhow::Result;
use commands::{Checkpoints, Commands};
use projections::Projections;
use serde::{Deserialize, Serialize};
use std::future::Future;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::Bus;
use crate::consumer::{Consumer, Run};
use crate::{cleanup, ingest, project, segment};

/// What every consumer works with.
#[derive(Clone)]
pub struct Context {
    /// The write side.
    pub commands: Commands,
    /// The read side.
    pub projections: Projections,
}

/// A part of the work that a process may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers HTTP requests.
    Api,
    /// Numbers committed events.
    Relay,
    /// Folds events into the views.
    Project,
    /// Turns uploads into datasets, and removes what was deleted.
    Ingest,
    /// Turns questions into reports.
    Segment,
    /// Tells people and systems what happened.
    Notify,
}

impl Role {
    /// Everything, as one process does it.
    pub const ALL: [Self; 6] = [Self::Api, Self::Relay, Self::Project, Self::Ingest, Self::Segment, Self::Notify];
}

/// Where the reacting consumers of this process stand.
#[derive(Clone, Default)]
pub struct Positions(Vec<(&'static str, watch::Receiver<u64>)>);

impl Positions {
    /// The name and position of each consumer.
    pub fn now(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(name, position)| (*name, *position.borrow()))
    }
}

/// Starts the tasks of some roles; they end with `shutdown`, and `tasks` tells when.
pub fn start(
    context: &Context,
    bus: &Bus,
    roles: &[Role],
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Positions {
    let mut positions = Positions::default();
    spawn(tasks, commands::signals::run(context.commands.store.clone(), shutdown.clone()));
    let (views, ended) = (context.projections.views.clone(), shutdown.clone());
    spawn(tasks, async move { views.follow(ended).await });
    for role in roles {
        match role {
            Role::Relay => {
                spawn(tasks, commands::sequencer::run(context.commands.store.clone(), shutdown.clone()));
            }
            Role::Project => {
                let views = context.projections.views.clone();
                let checkpoints = context.commands.checkpoints.clone();
                spawn(tasks, project::run(bus.clone(), views, checkpoints, shutdown.clone()));
            }
            Role::Ingest => {
                let reactions = Reactions { context, bus, tasks, shutdown };
                reactions.start(ingest::CONSUMER, ingest::handle, &mut positions);
                reactions.start(cleanup::CONSUMER, cleanup::handle, &mut positions);
            }
            Role::Segment => {
                let reactions = Reactions { context, bus, tasks, shutdown };
                reactions.start(segment::CONSUMER, segment::handle, &mut positions);
            }
            Role::Api | Role::Notify => {}
        }
    }
    positions
}

/// Gives a parked event to its consumer once more.
///
/// # Errors
/// When the consumer fails again, or is none that reacts to single events.
pub async fn replay(context: Context, consumer: &str, event: domain::Recorded) -> Result<()> {
    match consumer {
        "ingest" => ingest::handle(context, event).await,
        "cleanup" => cleanup::handle(context, event).await,
        "segment" => segment::handle(context, event).await,
        _ => anyhow::bail!("'{consumer}' folds events in order; run `datacore rebuild views` instead"),
    }
}

struct Reactions<'a> {
    context: &'a Context,
    bus: &'a Bus,
    tasks: &'a TaskTracker,
    shutdown: &'a CancellationToken,
}

impl Reactions<'_> {
    fn start<F>(&self, consumer: Consumer, handle: fn(Context, domain::Recorded) -> F, positions: &mut Positions)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (position, watched) = watch::channel(0);
        positions.0.push((consumer.name, watched));
        let checkpoints: Checkpoints = self.context.commands.checkpoints.clone();
        let run = Run { bus: self.bus.clone(), checkpoints, position, shutdown: self.shutdown.clone() };
        let context = self.context.clone();
        spawn(self.tasks, async move {
            consumer.run(run, move |event| handle(context.clone(), event)).await;
        });
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
