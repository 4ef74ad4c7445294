//! The consumer `cleanup`: removes what events say is gone: files, frames, keys, credentials, sessions.

use anyhow::Result;
use commands::CommandError;
use domain::{
    CustomerEvent, CustomerId, Dataset, DatasetCommand, DatasetError, DatasetEvent, DatasetId, Event, Recorded, Upload,
    UploadCommand, UploadError, UploadEvent, UploadId, UserEvent, UserId,
};

use crate::runtime::consumer::Consumer;
use crate::runtime::context::Context;

/// The consumer.
pub const CONSUMER: Consumer = Consumer {
    name: "cleanup",
    concurrency: 4,
    wants: &[
        "UploadDeleted",
        "DialectChosen",
        "DatasetDeleted",
        "MemberRemoved",
        "ApiKeyRevoked",
        "CustomerClosed",
        "UserErased",
    ],
};

/// Removes what the event says is gone. Each removal may be repeated.
///
/// # Errors
/// When a store cannot be reached.
pub async fn handle(context: Context, event: Recorded) -> Result<()> {
    let id = event.aggregate_id;
    match event.event()? {
        Event::Upload(UploadEvent::UploadDeleted { generation, location }) => {
            remove_upload(&context, &event, UploadId(id), generation, &location).await
        }
        Event::Upload(UploadEvent::DialectChosen { generation, .. }) => {
            remove_dataset(&context, &event, UploadId(id), generation - 1).await
        }
        Event::Dataset(DatasetEvent::DatasetDeleted { .. }) => {
            context.projections.frames.delete_dataset(DatasetId(id)).await
        }
        Event::Customer(CustomerEvent::CustomerClosed) => empty_customer(&context, &event, CustomerId(id)).await,
        Event::Customer(CustomerEvent::MemberRemoved { key_id: Some(key_id), .. }) => {
            context.commands.subject_keys.destroy(key_id).await
        }
        Event::Customer(CustomerEvent::ApiKeyRevoked { key_id }) => context.commands.api_keys.forget(key_id).await,
        Event::User(UserEvent::UserErased { key_id, credential_id }) => {
            context.commands.subject_keys.destroy(key_id).await?;
            context.commands.credentials.delete(credential_id).await?;
            context.commands.sign_ins.forget(UserId(id)).await?;
            context.commands.sessions.end_all(UserId(id)).await
        }
        _ => Ok(()),
    }
}

async fn remove_upload(
    context: &Context,
    event: &Recorded,
    upload_id: UploadId,
    generation: u32,
    location: &str,
) -> Result<()> {
    remove_dataset(context, event, upload_id, generation).await?;
    context.commands.files.delete(location).await
}

/// Removes what a reading has made or is still making.
async fn remove_dataset(context: &Context, event: &Recorded, upload_id: UploadId, generation: u32) -> Result<()> {
    let dataset_id = DatasetId::of_upload(upload_id, generation);
    let command = DatasetCommand::DeleteDataset { upload_id };
    match context.commands.store.execute::<Dataset>(dataset_id.0, command, &event.cause(CONSUMER.name)).await {
        Ok(_) | Err(CommandError::Refused(DatasetError::Deleted)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Deletes all uploads of a customer that left; what follows from that comes as further events.
async fn empty_customer(context: &Context, event: &Recorded, customer: CustomerId) -> Result<()> {
    context.wait_for_views(event).await?;
    let views = &context.projections.views;
    for upload_id in views.upload_ids(customer).await? {
        let metadata = event.cause(CONSUMER.name);
        let deleted = context.commands.store.execute::<Upload>(upload_id.0, UploadCommand::DeleteUpload, &metadata);
        match deleted.await {
            Ok(_) | Err(CommandError::Refused(UploadError::NotFound)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    context.commands.api_keys.forget_all(customer).await?;
    for report_id in views.report_ids(customer).await? {
        context.projections.frames.delete_report(report_id).await?;
    }
    Ok(())
}
