//! Loads and appends the events of one aggregate, through cqrs-es and its repository for the engine.

use std::collections::HashMap;
use std::error::Error;

use anyhow::{Context, Result, anyhow};
use cqrs_es::persist::{EventStoreAggregateContext, PersistedEventStore};
use cqrs_es::{Aggregate, AggregateError, EventStore as _};

use super::{Engine, EventRepository, Pool};

impl Engine {
    /// An aggregate as all its events made it.
    pub(crate) async fn load<A: Aggregate>(&self, id: &str) -> Result<EventStoreAggregateContext<A>> {
        let loaded = streams::<A>(&self.reader).load_aggregate(id).await;
        loaded.map_err(failure).with_context(|| format!("loading {} {id}", A::TYPE))
    }

    /// Appends events to an aggregate as it was loaded; `None` when it has changed since.
    pub(crate) async fn commit<A: Aggregate>(
        &self,
        context: EventStoreAggregateContext<A>,
        events: Vec<A::Event>,
        metadata: HashMap<String, String>,
    ) -> Result<Option<Vec<A::Event>>> {
        match streams::<A>(&self.writer).commit(events, context, metadata).await {
            Ok(committed) => Ok(Some(committed.into_iter().map(|event| event.payload).collect())),
            Err(error) if is_conflict(&error) => Ok(None),
            Err(error) => Err(failure(error).context(format!("appending events to a {}", A::TYPE))),
        }
    }
}

fn streams<A: Aggregate>(pool: &Pool) -> PersistedEventStore<EventRepository, A> {
    PersistedEventStore::new_event_store(EventRepository::new(pool.clone()))
}

/// sqlite-es reports only violations of a primary key as conflicts; there the key is a unique constraint.
fn is_conflict<E: Error>(error: &AggregateError<E>) -> bool {
    match error {
        AggregateError::AggregateConflict => true,
        AggregateError::UnexpectedError(cause) => cause
            .downcast_ref::<sqlx::Error>()
            .and_then(sqlx::Error::as_database_error)
            .is_some_and(sqlx::error::DatabaseError::is_unique_violation),
        _ => false,
    }
}

fn failure<E: Error>(error: AggregateError<E>) -> anyhow::Error {
    match error {
        AggregateError::DatabaseConnectionError(cause)
        | AggregateError::DeserializationError(cause)
        // Unpacked, so that whoever asks finds out what kind of error it is.
        | AggregateError::UnexpectedError(cause) => match cause.downcast::<sqlx::Error>() {
            Ok(error) => (*error).into(),
            Err(other) => anyhow!(other),
        },
        AggregateError::UserError(_) | AggregateError::AggregateConflict => anyhow!("{error}"),
    }
}
