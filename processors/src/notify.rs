//! The consumer `notify`: writes to the person who uploaded a file or asked for a report once that is done, where a mail
//! server is configured.

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use domain::{CustomerId, DatasetEvent, Event, Recorded, ReportEvent, ReportId, UserId};
use projections::{ReportRow, ReportStatus, UploadRow, UploadStatus};

use crate::consumer::Consumer;
use crate::context::Context;
use crate::mail::Letter;

/// The consumer.
pub const CONSUMER: Consumer = Consumer {
    name: "notify",
    concurrency: 4,
    wants: &["DatasetCreated", "DatasetRejected", "ReportCompleted", "ReportFailed"],
};

/// Nobody wants to hear of what was done before; so a mail server that is configured one day does not send the past.
const NEWS: TimeDelta = TimeDelta::days(1);
/// Characters of the name of a file in a subject.
const NAME_CHARS: usize = 80;

/// Writes about the event. A second delivery writes once more, under the same id.
///
/// # Errors
/// When a store cannot be reached, or the mail server does not take the letter.
pub async fn handle(context: Context, event: Recorded) -> Result<()> {
    let (Some(mailer), Some(customer)) = (&context.mailer, event.metadata.customer_id) else { return Ok(()) };
    if is_past(&event) {
        return Ok(());
    }
    let Some((user, letter)) = letter(&context, customer, &event).await? else { return Ok(()) };
    let Some(address) = address(&context, customer, user).await? else { return Ok(()) };
    mailer.send(&address, event.id(), &letter).await
}

#[expect(clippy::disallowed_methods, reason = "what is news depends on the moment of telling")]
fn is_past(event: &Recorded) -> bool {
    Utc::now() - event.recorded_at > NEWS
}

/// What there is to say, and to whom; nothing when it is gone or replaced already.
async fn letter(context: &Context, customer: CustomerId, event: &Recorded) -> Result<Option<(UserId, Letter)>> {
    context.wait_for_views(event).await?;
    let views = &context.projections.views;
    let upload_id = match event.event()? {
        Event::Dataset(DatasetEvent::DatasetCreated(dataset)) => dataset.upload_id,
        Event::Dataset(DatasetEvent::DatasetRejected { upload_id, .. }) => upload_id,
        Event::Report(ReportEvent::ReportCompleted(_) | ReportEvent::ReportFailed { .. }) => {
            let report = views.report(customer, ReportId(event.aggregate_id)).await?;
            return Ok(report.and_then(|report| of_report(customer, report.body)));
        }
        _ => return Ok(None),
    };
    let upload = views.upload(customer, upload_id).await?;
    Ok(upload.and_then(|upload| of_upload(customer, upload.body)))
}

fn of_upload(customer: CustomerId, upload: UploadRow) -> Option<(UserId, Letter)> {
    let name: String = upload.filename.chars().filter(|char| !char.is_control()).take(NAME_CHARS).collect();
    let (subject, mut text) = match upload.status {
        UploadStatus::Ready => (format!("{name} is ready"), read(&name, &upload)),
        UploadStatus::Rejected => {
            let reason = upload.error.unwrap_or_default();
            (format!("{name} could not be read"), format!("{name}, which you uploaded, could not be read. {reason}"))
        }
        UploadStatus::Received | UploadStatus::Deleted => return None,
    };
    for question in &upload.questions {
        text += &format!("\n\nYour answer is needed: {}", question.text);
    }
    let place = upload.dataset_id.map_or_else(|| "data".to_owned(), |dataset| format!("data/{dataset}"));
    Some((upload.uploaded_by, Letter { subject, text, place: format!("#/c/{customer}/{place}") }))
}

fn read(name: &str, upload: &UploadRow) -> String {
    let rows = upload.row_count.unwrap_or(0);
    let rejected = match upload.rejected_row_count.unwrap_or(0) {
        0 => "None was left out.".to_owned(),
        1 => "One line was left out; the page says why.".to_owned(),
        count => format!("{count} lines were left out; the page says why."),
    };
    format!("{name}, which you uploaded, is ready: {rows} rows were read. {rejected}")
}

fn of_report(customer: CustomerId, report: ReportRow) -> Option<(UserId, Letter)> {
    let (subject, text) = match report.status {
        ReportStatus::Completed => {
            let (segments, shoppers) = (report.segments.len(), report.shopper_count.unwrap_or(0));
            let names: String = report.segments.iter().map(|segment| format!("\n* {}", segment.name)).collect();
            (
                "Your report is ready".to_owned(),
                format!("{shoppers} shoppers were parted into {segments} segments:\n{names}"),
            )
        }
        ReportStatus::Failed => {
            let reason = report.error.unwrap_or_default();
            (
                "Your report could not be made".to_owned(),
                format!("The report that you asked for could not be made. {reason}"),
            )
        }
        ReportStatus::Requested | ReportStatus::Running => return None,
    };
    Some((report.requested_by, Letter { subject, text, place: format!("#/c/{customer}/segments/{}", report.id) }))
}

/// Where a person reads mail. Programs have no address, and who is no longer a member or was erased hears nothing.
async fn address(context: &Context, customer: CustomerId, user: UserId) -> Result<Option<String>> {
    let views = &context.projections.views;
    let Some(_role) = views.role(customer, user).await? else { return Ok(None) };
    let Some(row) = views.user(user).await? else { return Ok(None) };
    context.commands.personal.open(&row.body.email).await
}
