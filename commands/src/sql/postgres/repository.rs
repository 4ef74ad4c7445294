//! The events of one aggregate, as cqrs-es asks for them. postgres-es reads them; it appends in a transaction of three
//! round trips, which costs a third of the commands per second, so they are appended here in one statement.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::PgPool;

/// Appends events. A taken sequence is an error, which undoes all of it.
const APPEND: &str = "
    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
    SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[])";
/// Leaves a single event out instead, which alone leaves no half: the server does not log an error whenever somebody asks
/// for what is there already.
const UNLESS_TAKEN: &str = " ON CONFLICT DO NOTHING";

pub(super) struct EventRepository {
    postgres_es: PostgresEventRepository,
    pool: PgPool,
}

impl EventRepository {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { postgres_es: PostgresEventRepository::new(pool.clone()), pool }
    }
}

impl PersistedEventRepository for EventRepository {
    async fn get_events<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.postgres_es.get_events::<A>(id).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.postgres_es.get_last_events::<A>(id, last_sequence).await
    }

    async fn get_snapshot<A: Aggregate>(&self, id: &str) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        self.postgres_es.get_snapshot::<A>(id).await
    }

    /// All events or none. Their ids are given in the order of their sequence.
    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        _no_snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        let Some(first) = events.first() else { return Ok(()) };
        let append = [APPEND, if events.len() == 1 { UNLESS_TAKEN } else { "" }].concat();
        let insert = sqlx::query(&append)
            .bind(A::TYPE)
            .bind(&first.aggregate_id)
            .bind(events.iter().map(|event| event.sequence as i64).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.event_version.as_str()).collect::<Vec<_>>())
            .bind(events.iter().map(|event| &event.payload).collect::<Vec<_>>())
            .bind(events.iter().map(|event| &event.metadata).collect::<Vec<_>>());
        match insert.execute(&self.pool).await {
            Ok(done) if done.rows_affected() == 0 => Err(PersistenceError::OptimisticLockError),
            Ok(_) => Ok(()),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Err(PersistenceError::OptimisticLockError)
            }
            Err(error) => Err(PersistenceError::UnknownError(Box::new(error))),
        }
    }

    async fn stream_events<A: Aggregate>(&self, id: &str) -> Result<ReplayStream, PersistenceError> {
        self.postgres_es.stream_events::<A>(id).await
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        self.postgres_es.stream_all_events::<A>().await
    }
}
