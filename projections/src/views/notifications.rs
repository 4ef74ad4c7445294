//! What is this person to be told? An upload or a report that is done, to whoever sent or asked for it. The row is there
//! from the start, and waits until there is something to say.

use chrono::{DateTime, Utc};
use domain::dataset::NewDataset;
use domain::report::ReportResult;
use domain::{DatasetEvent, DatasetId, Event, NotificationEvent, ReportEvent, ReportId, UploadEvent, UploadId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::fold::{Fact, View};
use super::row::Row;

/// Characters of the name of a file in a title.
const NAME_CHARS: usize = 80;

/// What a person waits for, or is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotificationRow {
    /// What it is about.
    pub about: About,
    /// Who is told.
    pub user_id: UserId,
    /// What there is to say; nothing yet while the work goes on.
    pub news: Option<News>,
}

/// What a notification is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
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

/// What there is to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct News {
    /// The event that says so.
    pub outcome: Uuid,
    /// What kind of news it is.
    pub kind: NewsKind,
    /// In a few words.
    pub title: String,
    /// In some sentences.
    pub text: String,
    /// What was made of the upload.
    pub dataset_id: Option<DatasetId>,
    /// When it happened.
    pub told_at: DateTime<Utc>,
    /// When the person saw it.
    pub read_at: Option<DateTime<Utc>>,
}

/// What kind of news it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewsKind {
    /// A file was read.
    UploadReady,
    /// A file could not be read.
    UploadRejected,
    /// A report is there.
    ReportReady,
    /// A report could not be made.
    ReportFailed,
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

    fn key(fact: &Fact<'_>) -> Option<String> {
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
        Some(match &self.news {
            None => Self::WAITING,
            Some(News { read_at: None, .. }) => Self::UNREAD,
            Some(_) => Self::READ,
        })
    }
}

fn of_upload(row: Option<Row<NotificationRow>>, event: &UploadEvent, fact: &Fact<'_>) -> Option<Row<NotificationRow>> {
    match event {
        UploadEvent::FileUploaded { generation, file } => {
            let filename = file.filename.chars().filter(|char| !char.is_control()).take(NAME_CHARS).collect();
            let about = About::Upload { id: UploadId(fact.recorded.aggregate_id), generation: *generation, filename };
            let body = NotificationRow { about, user_id: file.uploaded_by, news: None };
            Some(Row::new(Some(file.customer_id), fact, body))
        }
        UploadEvent::DialectChosen { generation: next, .. } => Some(row?.changed(fact, |waiting| {
            if let About::Upload { generation, .. } = &mut waiting.about {
                *generation = *next;
            }
            waiting.news = None;
        })),
        UploadEvent::UploadDeleted { .. } => None,
        UploadEvent::DuplicateRejected { .. } => row,
    }
}

fn of_dataset(row: Row<NotificationRow>, event: &DatasetEvent, fact: &Fact<'_>) -> Row<NotificationRow> {
    let About::Upload { id, generation, filename } = row.body.about.clone() else { return row };
    let dataset_id = DatasetId::of_upload(id, generation);
    // An older reading may end after another one was asked for.
    if row.body.news.is_some() || dataset_id.0 != fact.recorded.aggregate_id {
        return row;
    }
    match event {
        DatasetEvent::DatasetCreated(new) => {
            let news = News::new(fact, NewsKind::UploadReady, format!("{filename} is ready"), ready(&filename, new));
            told(row, fact, News { dataset_id: Some(dataset_id), ..news })
        }
        DatasetEvent::DatasetRejected { reason, .. } => {
            let text = format!("{filename}, which you uploaded, could not be read. {reason}");
            told(row, fact, News::new(fact, NewsKind::UploadRejected, format!("{filename} could not be read"), text))
        }
        _ => row,
    }
}

fn of_report(row: Option<Row<NotificationRow>>, event: &ReportEvent, fact: &Fact<'_>) -> Option<Row<NotificationRow>> {
    match event {
        ReportEvent::ReportRequested { customer_id, requested_by, .. } => {
            let about = About::Report { id: ReportId(fact.recorded.aggregate_id) };
            Some(Row::new(Some(*customer_id), fact, NotificationRow { about, user_id: *requested_by, news: None }))
        }
        ReportEvent::ReportCompleted(findings) => {
            let title = "Your report is ready".to_owned();
            Some(told(row?, fact, News::new(fact, NewsKind::ReportReady, title, found(findings))))
        }
        ReportEvent::ReportFailed { reason } => {
            let title = "Your report could not be made".to_owned();
            let text = format!("The report that you asked for could not be made. {reason}");
            Some(told(row?, fact, News::new(fact, NewsKind::ReportFailed, title, text)))
        }
    }
}

/// The newest news come first, however long they were waited for.
fn told(row: Row<NotificationRow>, fact: &Fact<'_>, news: News) -> Row<NotificationRow> {
    Row { position: fact.recorded.position, ..row.changed(fact, |waiting| waiting.news = Some(news)) }
}

fn read(row: Row<NotificationRow>, outcome: Uuid, fact: &Fact<'_>) -> Row<NotificationRow> {
    row.changed(fact, |told| {
        if let Some(news) = told.news.as_mut().filter(|news| news.outcome == outcome) {
            news.read_at = Some(fact.at());
        }
    })
}

impl News {
    fn new(fact: &Fact<'_>, kind: NewsKind, title: String, text: String) -> Self {
        let (outcome, told_at) = (fact.recorded.id(), fact.at());
        Self { outcome, kind, title, text, dataset_id: None, told_at, read_at: None }
    }
}

fn ready(filename: &str, dataset: &NewDataset) -> String {
    let rejected = match dataset.rejected_row_count {
        0 => "None was left out.".to_owned(),
        1 => "One line was left out; the page says why.".to_owned(),
        count => format!("{count} lines were left out; the page says why."),
    };
    let mut text =
        format!("{filename}, which you uploaded, is ready: {} rows were read. {rejected}", dataset.row_count);
    for question in &dataset.questions {
        text += &format!("\n\nYour answer is needed: {}", question.text);
    }
    text
}

fn found(findings: &ReportResult) -> String {
    let names: String = findings.segments.iter().map(|segment| format!("\n* {}", segment.name)).collect();
    let (shoppers, segments) = (findings.shopper_count, findings.segments.len());
    format!("{shoppers} shoppers were parted into {segments} segments:\n{names}")
}

#[cfg(test)]
mod tests {
    use super::super::given::{Log, asked, chosen, completed, created, rejected, removed, uploaded, user};
    use super::*;

    #[test]
    fn tells_who_uploaded_a_file_what_became_of_it() {
        let log = Log::new().upload(1, uploaded(1));
        assert_eq!(log.clone().only::<NotificationRow>().body.status(), Some("waiting"));
        let row = log.clone().dataset(1, 1, created(1)).only::<NotificationRow>();
        assert_eq!((row.body.user_id, row.body.status(), row.position), (user(1), Some("unread"), 2));
        assert_eq!(row.body.news.unwrap().kind, NewsKind::UploadReady);
        let news = log.dataset(1, 1, rejected(1)).only::<NotificationRow>().body.news.unwrap();
        assert!(news.text.ends_with("could not be read. it is a picture"), "{}", news.text);
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
