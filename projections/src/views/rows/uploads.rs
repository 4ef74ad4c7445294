//! What became of this upload?

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::csv_dialect::{DialectChoice, Question};
use domain::upload::StoredFile;
use domain::{CustomerId, DatasetEvent, DatasetId, Event, StoreId, UploadEvent, UploadId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::views::page::Page;
use crate::views::sql::{Selection, Views};
use crate::views::view::{Fact, Row, View};

/// How far an upload is, as far as the log knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum UploadStatus {
    /// It is stored, and not read yet.
    Received,
    /// Its dataset is there.
    Ready,
    /// It cannot be read.
    Rejected,
    /// It was deleted. The same bytes may come again; the row begins anew then.
    Deleted,
}

/// A file that was received.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UploadRow {
    /// The upload.
    pub id: UploadId,
    /// Counts the readings of the content.
    pub generation: u32,
    /// The store whose data it holds.
    pub store_id: StoreId,
    /// The name it had.
    pub filename: String,
    /// What its sender said about it.
    pub description: Option<String>,
    /// Its size after decompression.
    pub size_bytes: u64,
    /// SHA-256 of its bytes after decompression, in hexadecimal.
    pub sha256: String,
    /// Where the bytes are; not for clients.
    pub location: String,
    /// How far it is.
    pub status: UploadStatus,
    /// What was made of it.
    pub dataset_id: Option<DatasetId>,
    /// Rows that were read.
    pub row_count: Option<u64>,
    /// Rows that were left out.
    pub rejected_row_count: Option<u64>,
    /// Why it cannot be read, for a person.
    pub error: Option<String>,
    /// What a person said about how it is written.
    #[serde(default)]
    pub dialect: DialectChoice,
    /// What its content leaves open.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// Who sent it.
    pub uploaded_by: UserId,
    /// When it came.
    pub uploaded_at: DateTime<Utc>,
}

/// Which uploads to list.
#[derive(Clone, Debug, Default)]
pub struct UploadFilter {
    /// Only uploads of this store.
    pub store_id: Option<StoreId>,
    /// Only uploads with this status; without one, all that are not deleted.
    pub status: Option<UploadStatus>,
}

impl View for UploadRow {
    const TABLE: &'static str = "uploads";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        match &fact.event {
            Event::Upload(UploadEvent::DuplicateRejected { .. }) => None,
            Event::Upload(_) => Some(fact.recorded.aggregate_id.to_string()),
            Event::Dataset(DatasetEvent::DatasetCreated(new)) => Some(new.upload_id.to_string()),
            Event::Dataset(DatasetEvent::DatasetRejected { upload_id, .. }) => Some(upload_id.to_string()),
            _ => None,
        }
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        match &fact.event {
            Event::Upload(UploadEvent::FileUploaded { generation, file }) => {
                let row = Row::new(Some(file.customer_id), fact, received(*generation, file, fact));
                Some(Row { version: fact.recorded.position, ..row })
            }
            Event::Upload(UploadEvent::DialectChosen { generation, dialect, .. }) => {
                Some(change(row?, fact, |upload| read_again(upload, *generation, dialect)))
            }
            Event::Upload(UploadEvent::UploadDeleted { .. }) => Some(change(row?, fact, |upload| {
                upload.status = UploadStatus::Deleted;
                upload.dataset_id = None;
            })),
            Event::Dataset(event) if row.as_ref().is_some_and(|row| awaits(&row.body, fact)) => {
                Some(change(row?, fact, |upload| take(upload, event)))
            }
            _ => row,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        Some(self.store_id)
    }

    fn status(&self) -> Option<&'static str> {
        Some(self.status.into())
    }
}

fn received(generation: u32, file: &StoredFile, fact: &Fact<'_>) -> UploadRow {
    UploadRow {
        id: UploadId(fact.recorded.aggregate_id),
        generation,
        store_id: file.store_id,
        filename: file.filename.clone(),
        description: file.description.clone(),
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone(),
        location: file.location.clone(),
        status: UploadStatus::Received,
        dataset_id: None,
        row_count: None,
        rejected_row_count: None,
        error: None,
        dialect: DialectChoice::default(),
        questions: vec![],
        uploaded_by: file.uploaded_by,
        uploaded_at: fact.at(),
    }
}

/// The next reading begins; what the one before found no longer holds.
fn read_again(upload: &mut UploadRow, generation: u32, dialect: &DialectChoice) {
    upload.generation = generation;
    upload.dialect = dialect.clone();
    upload.status = UploadStatus::Received;
    (upload.dataset_id, upload.row_count, upload.rejected_row_count, upload.error) = (None, None, None, None);
    upload.questions.clear();
}

/// Whether a dataset's event is the answer to this reading of the upload. An older reading may end after the upload
/// was deleted, came again or was to be read in another way.
fn awaits(upload: &UploadRow, fact: &Fact<'_>) -> bool {
    upload.status == UploadStatus::Received
        && DatasetId::of_upload(upload.id, upload.generation).0 == fact.recorded.aggregate_id
}

fn take(upload: &mut UploadRow, event: &DatasetEvent) {
    match event {
        DatasetEvent::DatasetCreated(new) => {
            upload.status = UploadStatus::Ready;
            upload.dataset_id = Some(DatasetId::of_upload(upload.id, upload.generation));
            upload.row_count = Some(new.row_count);
            upload.rejected_row_count = Some(new.rejected_row_count);
            upload.questions = new.questions.clone();
        }
        DatasetEvent::DatasetRejected { reason, .. } => {
            upload.status = UploadStatus::Rejected;
            upload.error = Some(reason.clone());
        }
        _ => {}
    }
}

/// Sequences of two aggregates could be equal, positions never are.
fn change(row: Row<UploadRow>, fact: &Fact<'_>, change: impl FnOnce(&mut UploadRow)) -> Row<UploadRow> {
    Row { version: fact.recorded.position, ..row.changed(fact, change) }
}

impl Views {
    /// An upload, also when it was deleted.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn upload(&self, customer: CustomerId, upload: UploadId) -> Result<Option<Row<UploadRow>>> {
        self.owned(customer, upload).await
    }

    /// The uploads that a filter lets through, newest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn uploads(
        &self,
        customer: CustomerId,
        filter: &UploadFilter,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<UploadRow>>> {
        let status = filter.status.map(Into::into);
        let hidden = if status.is_none() { Some(UploadStatus::Deleted.into()) } else { None };
        let selection = Selection { store_id: filter.store_id, status, hidden, ..Selection::of(customer) };
        self.page(selection.newest_first(), after, limit).await
    }

    /// All uploads of a customer that are not deleted.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn upload_ids(&self, customer: CustomerId) -> Result<Vec<UploadId>> {
        let selection = Selection { hidden: Some(UploadStatus::Deleted.into()), ..Selection::of(customer) };
        Ok(self.all::<UploadRow>(selection).await?.into_iter().map(|row| row.body.id).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_log::{Log, chosen, created, dataset, rejected, removed, upload, uploaded};

    #[test]
    fn is_ready_with_its_dataset() {
        let row = Log::new().upload(1, uploaded(1)).dataset(1, 1, created(1)).only::<UploadRow>();
        assert_eq!((row.body.id, row.body.status), (upload(1), UploadStatus::Ready));
        assert_eq!((row.body.dataset_id, row.body.row_count), (Some(dataset(1, 1)), Some(3)));
        assert_eq!((row.position, row.version), (1, 2));
    }

    #[test]
    fn says_why_it_cannot_be_read() {
        let row = Log::new().upload(1, uploaded(1)).dataset(1, 1, rejected(1)).only::<UploadRow>().body;
        assert_eq!((row.status, row.error.as_deref()), (UploadStatus::Rejected, Some("it is a picture")));
    }

    #[test]
    fn a_reading_that_ends_after_the_deletion_changes_nothing() {
        let log = Log::new().upload(1, uploaded(1)).upload(1, removed(1)).dataset(1, 1, created(1));
        let row = log.only::<UploadRow>().body;
        assert_eq!((row.status, row.dataset_id), (UploadStatus::Deleted, None));
    }

    #[test]
    fn another_dialect_begins_another_reading() {
        let log = Log::new().upload(1, uploaded(1)).dataset(1, 1, created(1));
        assert_eq!(log.clone().only::<UploadRow>().body.questions.len(), 1);
        let log = log.upload(1, chosen(2)).dataset(1, 1, created(1));
        let row = log.clone().only::<UploadRow>().body;
        assert_eq!((row.status, row.dataset_id, row.row_count), (UploadStatus::Received, None, None));
        assert_eq!((row.dialect.delimiter.as_deref(), row.questions.len()), (Some(";"), 0));
        let row = log.dataset(1, 2, created(1)).only::<UploadRow>().body;
        assert_eq!((row.status, row.dataset_id), (UploadStatus::Ready, Some(dataset(1, 2))));
    }

    #[test]
    fn the_same_bytes_begin_the_row_anew() {
        let log = Log::new().upload(1, uploaded(1)).dataset(1, 1, created(1)).upload(1, removed(1));
        let log = log.upload(1, uploaded(2)).dataset(1, 1, created(1));
        let row = log.only::<UploadRow>();
        assert_eq!((row.body.status, row.body.generation, row.position), (UploadStatus::Received, 2, 4));
        let row = log.dataset(1, 2, created(1)).only::<UploadRow>();
        assert_eq!(row.body.dataset_id, Some(dataset(1, 2)));
    }
}
