//! The event store: executes commands on aggregates. Appends of different aggregates do not wait for
//! each other's decisions; two decisions on the same state collide, and the loser decides anew.

pub(crate) mod leaf_hash;
pub(crate) mod log;
pub mod sequencer;
pub(crate) mod wakeups;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventStoreAggregateContext;
use domain::Metadata;
use migrations::DatabaseOptions;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::sql::database::{Database, on_engine};
use wakeups::Wakeups;

/// Places in which the commands of this process wait for each other; more than there are clients at a time.
const TURNS: usize = 1_024;
/// Decisions on one command before it is given up: each collision means that another command succeeded.
const ATTEMPTS: u32 = 20;
/// The pause after the first collision; it grows by as much with each further one.
const PAUSE: Duration = Duration::from_millis(2);

/// All events, by aggregate and by position.
#[derive(Clone)]
pub struct EventStore {
    pub(crate) database: Database,
    pub(crate) wakeups: Arc<Wakeups>,
    /// Commands of one process on the same aggregate take turns here, instead of losing to each other again and
    /// again; those of other processes are met by the database alone.
    turns: Arc<[Mutex<()>]>,
}

/// A command that was executed, or an aggregate that was loaded.
#[derive(Clone, Debug)]
pub struct Executed<A: Aggregate> {
    /// The aggregate after it.
    pub aggregate: A,
    /// The events that came of it.
    pub events: Vec<A::Event>,
    /// The sequence of the aggregate's last event, old or new; 0 when it has none.
    pub version: u64,
}

/// Why a command was not executed. Nothing of it was committed, unless the database failed while committing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<E> {
    /// The aggregate refused it.
    #[error(transparent)]
    Refused(E),
    /// The event store failed.
    #[error("executing a command")]
    Failed(#[source] anyhow::Error),
}

impl EventStore {
    /// Opens the event store that a URL names, such as `sqlite:///var/lib/datacore/events.sqlite`, and brings its tables up
    /// to date.
    ///
    /// # Errors
    /// When the scheme is not supported or the database cannot be opened.
    pub async fn open(url: &Url) -> Result<Self> {
        Self::open_with(url, &DatabaseOptions::default()).await
    }

    /// The same, with a say in how the database is opened.
    ///
    /// # Errors
    /// As above, and when the tables are too old and may not be changed.
    pub async fn open_with(url: &Url, options: &DatabaseOptions) -> Result<Self> {
        Self::on(Database::open(url, options).await?).await
    }

    pub(crate) async fn on(database: Database) -> Result<Self> {
        let turns = (0..TURNS).map(|_| Mutex::new(())).collect();
        let wakeups = Arc::<Wakeups>::default();
        wakeups.publish(on_engine!(&database, engine => engine.head().await?));
        Ok(Self { database, wakeups, turns })
    }

    /// Lets an aggregate decide on a command and commits the events, all or none.
    ///
    /// # Errors
    /// The aggregate's refusal, or a failure of the database.
    pub async fn execute<A>(
        &self,
        id: Uuid,
        command: A::Command,
        metadata: &Metadata,
    ) -> Result<Executed<A>, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
        A::Command: Clone,
    {
        let _turn = self.turns[id.as_u128() as usize % TURNS].lock().await;
        if let Some(executed) = self.begin(id, command.clone(), metadata).await? {
            return Ok(executed);
        }
        for attempt in 1..=ATTEMPTS {
            let context = self.context::<A>(id).await.map_err(CommandError::Failed)?;
            if let Some(executed) = self.attempt(context, command.clone(), metadata).await? {
                return Ok(executed);
            }
            tokio::time::sleep(PAUSE * attempt).await;
        }
        Err(CommandError::Failed(anyhow!("{} {id} was changed by others {ATTEMPTS} times in a row", A::TYPE)))
    }

    /// An aggregate as its events made it; one without events is its default.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub async fn load<A: Aggregate>(&self, id: Uuid) -> Result<Executed<A>> {
        let EventStoreAggregateContext { aggregate, current_sequence, .. } = self.context(id).await?;
        Ok(Executed { aggregate, events: vec![], version: current_sequence as u64 })
    }

    /// Exchanges wake-ups with the other processes of the service until shutdown. SQLite has no other processes.
    pub async fn exchange_wakeups(self, shutdown: CancellationToken) {
        if let Database::Postgres(postgres) = &self.database {
            shutdown.run_until_cancelled(postgres.exchange_wakeups(&self.wakeups)).await;
        }
    }

    /// Fails when the database does not answer.
    ///
    /// # Errors
    /// What the database says.
    pub async fn check(&self) -> Result<()> {
        self.database.check().await
    }

    /// Decides as if the aggregate had no events yet, without looking: most commands begin one. If it has some, the first
    /// sequence is taken, so nothing is appended; whatever else than an append comes of it counts for nothing.
    async fn begin<A>(
        &self,
        id: Uuid,
        command: A::Command,
        metadata: &Metadata,
    ) -> Result<Option<Executed<A>>, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
    {
        let (aggregate_id, aggregate) = (id.to_string(), A::default());
        let context =
            EventStoreAggregateContext { aggregate_id, aggregate, current_sequence: 0, current_snapshot: None };
        match self.attempt(context, command, metadata).await {
            Ok(executed) => Ok(executed.filter(|executed| !executed.events.is_empty())),
            Err(CommandError::Refused(_)) => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// One decision; `None` when the aggregate has changed since it was loaded.
    async fn attempt<A>(
        &self,
        mut context: EventStoreAggregateContext<A>,
        command: A::Command,
        metadata: &Metadata,
    ) -> Result<Option<Executed<A>>, CommandError<A::Error>>
    where
        A: Aggregate<Services = ()>,
    {
        let sink = EventSink::default();
        context.aggregate.handle(command, &(), &sink).await.map_err(CommandError::Refused)?;
        let events = sink.collect().await;
        let version = (context.current_sequence + events.len()) as u64;
        // The sink has applied the events; what is committed needs only id and sequence.
        let aggregate = std::mem::take(&mut context.aggregate);
        if events.is_empty() {
            return Ok(Some(Executed { aggregate, events, version }));
        }
        let committed = self.commit(context, events, metadata).await.map_err(CommandError::Failed)?;
        Ok(committed.map(|events| Executed { aggregate, events, version }))
    }

    async fn context<A: Aggregate>(&self, id: Uuid) -> Result<EventStoreAggregateContext<A>> {
        on_engine!(&self.database, engine => engine.load(&id.to_string()).await)
    }

    async fn commit<A: Aggregate>(
        &self,
        context: EventStoreAggregateContext<A>,
        events: Vec<A::Event>,
        metadata: &Metadata,
    ) -> Result<Option<Vec<A::Event>>> {
        let committed = on_engine!(&self.database, engine => engine.commit(context, events, metadata.to_map()).await?);
        self.wakeups.committed();
        Ok(committed)
    }
}
