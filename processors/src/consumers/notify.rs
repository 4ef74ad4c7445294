//! The consumer `notify`: writes to the person who uploaded a file or asked for a report once that is done, where a mail
//! server is configured.

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use domain::{CustomerId, Recorded, UserId};
use projections::{NotificationContent, Subject};

use crate::email::Email;
use crate::runtime::consumer::Consumer;
use crate::runtime::context::Context;

/// The consumer.
pub const CONSUMER: Consumer = Consumer {
    name: "notify",
    concurrency: 4,
    wants: &["DatasetCreated", "DatasetRejected", "ReportCompleted", "ReportFailed"],
};

/// Nobody wants to hear of what was done before; so a mail server that is configured one day does not send the past.
const NEWS: TimeDelta = TimeDelta::days(1);

/// Writes about the event. A second delivery writes once more, under the same id.
///
/// # Errors
/// When a store cannot be reached, or the mail server does not take the e-mail.
pub async fn handle(context: Context, event: Recorded) -> Result<()> {
    let (Some(mailer), Some(customer)) = (&context.mailer, event.metadata.customer_id) else { return Ok(()) };
    if is_past(&event) {
        return Ok(());
    }
    context.wait_for_views(&event).await?;
    let Some(told) = context.projections.views.notification_for_event(customer, &event).await? else { return Ok(()) };
    let Some(content) = told.content else { return Ok(()) };
    let Some(address) = address(&context, customer, told.user_id).await? else { return Ok(()) };
    mailer.send(&address, event.id(), &email(customer, &told.about, content)).await
}

#[expect(clippy::disallowed_methods, reason = "what is news depends on the moment of telling")]
fn is_past(event: &Recorded) -> bool {
    Utc::now() - event.recorded_at > NEWS
}

fn email(customer: CustomerId, about: &Subject, content: NotificationContent) -> Email {
    let place = match (about, content.dataset_id) {
        (Subject::Report { id }, _) => format!("segments/{id}"),
        (Subject::Upload { .. }, Some(dataset)) => format!("data/{dataset}"),
        (Subject::Upload { .. }, None) => "data".to_owned(),
    };
    Email { subject: content.title, text: content.text, place: format!("#/c/{customer}/{place}") }
}

/// Where a person reads mail. Programs have no address, and who is no longer a member or was erased hears nothing.
async fn address(context: &Context, customer: CustomerId, user: UserId) -> Result<Option<String>> {
    let views = &context.projections.views;
    let Some(_role) = views.role(customer, user).await? else { return Ok(None) };
    let Some(row) = views.user(user).await? else { return Ok(None) };
    context.commands.subject_keys.decrypt(&row.body.email).await
}
