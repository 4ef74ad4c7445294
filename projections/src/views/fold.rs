//! The fold: each view takes the events that concern it, row by row, without IO; this file brings rows and
//! events together.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use domain::{Event, Recorded, StoreId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::batch::Batch;
use super::row::Row;
use super::{
    ApiKeyRow, CustomerRow, DatasetRow, MemberRow, NotificationRow, ReportRow, ReportSummary, StoreRolesRow, StoreRow,
    UploadRow, UserRow,
};

/// An event of the log, decoded.
pub(crate) struct Fact<'a> {
    /// Its place and its aggregate.
    pub recorded: &'a Recorded,
    /// What happened.
    pub event: Event,
}

impl<'a> Fact<'a> {
    /// Decodes an event.
    ///
    /// # Errors
    /// When this version of the program does not know it.
    pub fn of(recorded: &'a Recorded) -> Result<Self> {
        let event = recorded
            .event()
            .with_context(|| format!("decoding the event {} at position {}", recorded.event_type, recorded.position))?;
        Ok(Self { recorded, event })
    }

    /// When it happened.
    pub fn at(&self) -> DateTime<Utc> {
        self.recorded.recorded_at
    }
}

/// A view: its table, and how an event changes a row of it.
pub(crate) trait View: Serialize + DeserializeOwned + Send + Sync {
    /// The table.
    const TABLE: &'static str;

    /// The id of the row that an event concerns, if it concerns the view.
    fn key(fact: &Fact<'_>) -> Option<String>;

    /// The row after the event, if there is one then.
    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>>;

    /// The store to find the row by.
    fn store_id(&self) -> Option<StoreId> {
        None
    }

    /// The status to find the row by.
    fn status(&self) -> Option<&'static str> {
        None
    }
}

/// The tables of all views.
pub(crate) const TABLES: [&str; 11] = [
    UserRow::TABLE,
    CustomerRow::TABLE,
    MemberRow::TABLE,
    ApiKeyRow::TABLE,
    StoreRow::TABLE,
    UploadRow::TABLE,
    DatasetRow::TABLE,
    StoreRolesRow::TABLE,
    ReportRow::TABLE,
    ReportSummary::TABLE,
    NotificationRow::TABLE,
];

/// Folds events into every view.
pub(crate) async fn fold(batch: &mut Batch, facts: &[Fact<'_>]) -> Result<()> {
    fold_view::<UserRow>(batch, facts).await?;
    fold_view::<CustomerRow>(batch, facts).await?;
    fold_view::<MemberRow>(batch, facts).await?;
    fold_view::<ApiKeyRow>(batch, facts).await?;
    fold_view::<StoreRow>(batch, facts).await?;
    fold_view::<UploadRow>(batch, facts).await?;
    fold_view::<DatasetRow>(batch, facts).await?;
    fold_view::<StoreRolesRow>(batch, facts).await?;
    fold_view::<ReportRow>(batch, facts).await?;
    fold_view::<ReportSummary>(batch, facts).await?;
    fold_view::<NotificationRow>(batch, facts).await
}

/// Reads each row that the events concern once, and writes it once.
async fn fold_view<T: View>(batch: &mut Batch, facts: &[Fact<'_>]) -> Result<()> {
    let keys: BTreeSet<String> = facts.iter().filter_map(T::key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut rows = batch.load::<T>(&keys).await?;
    let before: Vec<String> = rows.keys().cloned().collect();
    evolve_all(&mut rows, facts);
    batch.put(&rows).await?;
    let gone: BTreeSet<String> = before.into_iter().filter(|id| !rows.contains_key(id)).collect();
    batch.remove(T::TABLE, &gone).await
}

/// Takes events in order.
pub(crate) fn evolve_all<T: View>(rows: &mut BTreeMap<String, Row<T>>, facts: &[Fact<'_>]) {
    for fact in facts {
        let Some(key) = T::key(fact) else { continue };
        if let Some(row) = T::evolve(rows.remove(&key), fact) {
            rows.insert(key, row);
        }
    }
}
