//! What is this person to be told? An upload or a report that is done, to whoever sent or asked for it. The row is there
//! from the start, and waits until there is something to say.

pub(crate) mod content;

use anyhow::Result;
use domain::{
    CustomerId, DatasetEvent, DatasetId, Event, NotificationEvent, Recorded, ReportEvent, ReportId, UploadEvent,
    UploadId, UserId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::views::page::Page;
use crate::views::sql::{Selection, Views};
use crate::views::view::{Fact, Row, View};
use content::NotificationContent;

/// Characters of the name of a file in a title.
const NAME_CHARS: usize = 80;

/// What a person waits for, or is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotificationRow {
    /// What it is about.
    pub about: Subject,
    /// Who is told.
    pub user_id: UserId,
    /// What there is to say; nothing yet while the work goes on.
    #[serde(rename = "news")]
    pub content: Option<NotificationContent>,
}

/// What a notification is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A file and its reading.
    Upload {
        /// The upload.
        id: UploadId,
        /// Which reading is waited for.
        generation: u32,
        /// The name of the file, so that it fits in a line.
        filename: String,
    },
    /// A report.
    Report {
        /// The report.
        id: ReportId,
    },
}

impl NotificationRow {
    /// There is nothing to say yet.
    pub(crate) const WAITING: &'static str = "waiting";
    /// It was said and not seen.
    pub(crate) const UNREAD: &'static str = "unread";
    const READ: &'static str = "read";
}

impl View for NotificationRow {
    const TABLE: &'static str = "notifications";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        match &fact.event {
            Event::Upload(UploadEvent::DuplicateRejected { .. }) => None,
            Event::Upload(_) | Event::Report(_) | Event::Notification(_) => {
                Some(fact.recorded.aggregate_id.to_string())
            }
            Event::Dataset(DatasetEvent::DatasetCreated(new)) => Some(new.upload_id.to_string()),
            Event::Dataset(DatasetEvent::DatasetRejected { upload_id, .. }) => Some(upload_id.to_string()),
            _ => None,
        }
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        match &fact.event {
            Event::Upload(event) => of_upload(row, event, fact),
            Event::Dataset(event) => Some(of_dataset(row?, event, fact)),
            Event::Report(event) => of_report(row, event, fact),
            Event::Notification(NotificationEvent::NotificationRead { outcome }) => Some(read(row?, *outcome, fact)),
            _ => row,
        }
    }

    fn status(&self) -> Option<&'static str> {
        Some(match &self.content {
            None => Self::WAITING,
            Some(NotificationContent { read_at: None, .. }) => Self::UNREAD,
            Some(_) => Self::READ,
        })
    }
}

fn of_upload(row: Option<Row<NotificationRow>>, event: &UploadEvent, fact: &Fact<'_>) -> Option<Row<NotificationRow>> {
    match event {
        UploadEvent::FileUploaded { generation, file } => {
            let filename = file.filename.chars().filter(|char| !char.is_control()).take(NAME_CHARS).collect();
            let about = Subject::Upload { id: UploadId(fact.recorded.aggregate_id), generation: *generation, filename };
            let body = NotificationRow { about, user_id: file.uploaded_by, content: None };
            Some(Row::new(Some(file.customer_id), fact, body))
        }
        UploadEvent::DialectChosen { generation: next, .. } => Some(row?.changed(fact, |waiting| {
            if let Subject::Upload { generation, .. } = &mut waiting.about {
                *generation = *next;
            }
            waiting.content = None;
        })),
        UploadEvent::UploadDeleted { .. } => None,
        UploadEvent::DuplicateRejected { .. } => row,
    }
}

fn of_dataset(row: Row<NotificationRow>, event: &DatasetEvent, fact: &Fact<'_>) -> Row<NotificationRow> {
    let Subject::Upload { id, generation, filename } = row.body.about.clone() else { return row };
    let dataset_id = DatasetId::of_upload(id, generation);
    // An older reading may end after another one was asked for.
    if row.body.content.is_some() || dataset_id.0 != fact.recorded.aggregate_id {
        return row;
    }
    match event {
        DatasetEvent::DatasetCreated(new) => {
            told(row, fact, NotificationContent::upload_ready(fact, &filename, dataset_id, new))
        }
        DatasetEvent::DatasetRejected { reason, .. } => {
            told(row, fact, NotificationContent::upload_rejected(fact, &filename, reason))
        }
        _ => row,
    }
}

fn of_report(row: Option<Row<NotificationRow>>, event: &ReportEvent, fact: &Fact<'_>) -> Option<Row<NotificationRow>> {
    match event {
        ReportEvent::ReportRequested { customer_id, requested_by, .. } => {
            let about = Subject::Report { id: ReportId(fact.recorded.aggregate_id) };
            Some(Row::new(Some(*customer_id), fact, NotificationRow { about, user_id: *requested_by, content: None }))
        }
        ReportEvent::ReportCompleted(findings) => {
            Some(told(row?, fact, NotificationContent::report_ready(fact, findings)))
        }
        ReportEvent::ReportFailed { reason } => {
            Some(told(row?, fact, NotificationContent::report_failed(fact, reason)))
        }
    }
}

/// What was told last comes first, however long it was waited for.
fn told(row: Row<NotificationRow>, fact: &Fact<'_>, content: NotificationContent) -> Row<NotificationRow> {
    Row { position: fact.recorded.position, ..row.changed(fact, |waiting| waiting.content = Some(content)) }
}

fn read(row: Row<NotificationRow>, outcome: Uuid, fact: &Fact<'_>) -> Row<NotificationRow> {
    row.changed(fact, |told| {
        if let Some(content) = told.content.as_mut().filter(|content| content.outcome == outcome) {
            content.read_at = Some(fact.at());
        }
    })
}

impl Views {
    /// What a user is told, newest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn notifications(
        &self,
        customer: CustomerId,
        user: UserId,
        unread_only: bool,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<NotificationRow>>> {
        let (status, hidden) = (unread_only.then_some(NotificationRow::UNREAD), Some(NotificationRow::WAITING));
        let selection = Selection { user_id: Some(user), status, hidden, ..Selection::of(customer) };
        self.page(selection.newest_first(), after, limit).await
    }

    /// What a user is told about an upload or a report; also while there is nothing to say.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn notification(&self, customer: CustomerId, id: Uuid) -> Result<Option<Row<NotificationRow>>> {
        self.owned(customer, id).await
    }

    /// What an event gives to tell, unless that is gone or replaced already.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn notification_for_event(
        &self,
        customer: CustomerId,
        event: &Recorded,
    ) -> Result<Option<NotificationRow>> {
        let Some(id) = NotificationRow::keys(&Fact::of(event)?).into_iter().next() else { return Ok(None) };
        let row = self.owned::<NotificationRow>(customer, id).await?.map(|row| row.body);
        Ok(row.filter(|row| row.content.as_ref().is_some_and(|content| content.outcome == event.id())))
    }
}

#[cfg(test)]
mod tests {
    use super::content::NotificationKind;
    use super::*;
    use crate::views::test_log::{Log, asked, chosen, completed, created, rejected, removed, uploaded, user};

    #[test]
    fn tells_who_uploaded_a_file_what_became_of_it() {
        let log = Log::new().upload(1, uploaded(1));
        assert_eq!(log.clone().only::<NotificationRow>().body.status(), Some("waiting"));
        let row = log.clone().dataset(1, 1, created(1)).only::<NotificationRow>();
        assert_eq!((row.body.user_id, row.body.status(), row.position), (user(1), Some("unread"), 2));
        assert_eq!(row.body.content.unwrap().kind, NotificationKind::UploadReady);
        let content = log.dataset(1, 1, rejected(1)).only::<NotificationRow>().body.content.unwrap();
        assert!(content.text.ends_with("could not be read. it is a picture"), "{}", content.text);
    }

    #[test]
    fn what_was_seen_is_unread_again_when_there_is_more_to_say() {
        let log = Log::new().upload(1, uploaded(1)).dataset(1, 1, created(1)).seen();
        assert_eq!(log.clone().only::<NotificationRow>().body.status(), Some("read"));
        let log = log.upload(1, chosen(2)).dataset(1, 1, created(1));
        assert_eq!(log.clone().only::<NotificationRow>().body.status(), Some("waiting"));
        let log = log.dataset(1, 2, created(1));
        assert_eq!(log.clone().only::<NotificationRow>().body.status(), Some("unread"));
        assert_eq!(log.upload(1, removed(2)).rows::<NotificationRow>().len(), 0);
    }

    #[test]
    fn what_was_replaced_meanwhile_is_not_seen() {
        let log = Log::new().report(1, asked(1)).report(1, completed());
        let late = log.events.last().unwrap().id();
        let log = log.report(1, asked(1)).report(1, completed()).read(late);
        assert_eq!(log.clone().only::<NotificationRow>().body.status(), Some("unread"));
        assert_eq!(log.seen().only::<NotificationRow>().body.status(), Some("read"));
    }
}
