//! What a notification says, in words for a person.

use chrono::{DateTime, Utc};
use domain::DatasetId;
use domain::dataset::NewDataset;
use domain::report::ReportResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::view::Fact;

/// What there is to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotificationContent {
    /// The event that says so.
    pub outcome: Uuid,
    /// What kind of news it is.
    pub kind: NotificationKind,
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
#[schema(as = NewsKind)]
pub enum NotificationKind {
    /// A file was read.
    UploadReady,
    /// A file could not be read.
    UploadRejected,
    /// A report is there.
    ReportReady,
    /// A report could not be made.
    ReportFailed,
}

impl NotificationContent {
    pub(super) fn upload_ready(fact: &Fact<'_>, filename: &str, id: DatasetId, dataset: &NewDataset) -> Self {
        let text = text_of_dataset(filename, dataset);
        let content = Self::new(fact, NotificationKind::UploadReady, format!("{filename} is ready"), text);
        Self { dataset_id: Some(id), ..content }
    }

    pub(super) fn upload_rejected(fact: &Fact<'_>, filename: &str, reason: &str) -> Self {
        let text = format!("{filename}, which you uploaded, could not be read. {reason}");
        Self::new(fact, NotificationKind::UploadRejected, format!("{filename} could not be read"), text)
    }

    pub(super) fn report_ready(fact: &Fact<'_>, findings: &ReportResult) -> Self {
        Self::new(fact, NotificationKind::ReportReady, "Your report is ready".to_owned(), text_of_report(findings))
    }

    pub(super) fn report_failed(fact: &Fact<'_>, reason: &str) -> Self {
        let text = format!("The report that you asked for could not be made. {reason}");
        Self::new(fact, NotificationKind::ReportFailed, "Your report could not be made".to_owned(), text)
    }

    fn new(fact: &Fact<'_>, kind: NotificationKind, title: String, text: String) -> Self {
        let (outcome, told_at) = (fact.recorded.id(), fact.at());
        Self { outcome, kind, title, text, dataset_id: None, told_at, read_at: None }
    }
}

fn text_of_dataset(filename: &str, dataset: &NewDataset) -> String {
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

fn text_of_report(findings: &ReportResult) -> String {
    let names: String = findings.segments.iter().map(|segment| format!("\n* {}", segment.name)).collect();
    let (shoppers, segments) = (findings.shopper_count, findings.segments.len());
    format!("{shoppers} shoppers were parted into {segments} segments:\n{names}")
}
