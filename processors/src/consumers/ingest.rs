//! The consumer `ingest`: turns an uploaded file into a dataset, and aggregates its shoppers anew when
//! somebody says what the columns mean.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Result;
use commands::CommandError;
use domain::csv_dialect::DialectChoice;
use domain::dataset::NewDataset;
use domain::upload::StoredFile;
use domain::{
    Dataset, DatasetCommand, DatasetError, DatasetEvent, DatasetId, Event, Recorded, Upload, UploadEvent, UploadId,
};

use projections::Progress;
use tokio::sync::watch;

use crate::csv::IngestError;
use crate::ingestion::{Ingested, UserHints, aggregate, read_dataset};
use crate::runtime::consumer::Consumer;
use crate::runtime::context::Context;

/// The pause between two signs of progress.
const PROGRESS_PAUSE: Duration = Duration::from_millis(250);

/// The consumer.
pub const CONSUMER: Consumer =
    Consumer { name: "ingest", concurrency: 2, wants: &["FileUploaded", "DialectChosen", "ColumnRolesAssigned"] };

/// Does the work that the event asks for. A second delivery finds the dataset decided and does nothing.
///
/// # Errors
/// When a store cannot be reached; a file that cannot be read is a decision, not an error.
pub async fn handle(context: Context, event: Recorded) -> Result<()> {
    match event.event()? {
        Event::Upload(UploadEvent::FileUploaded { generation, .. } | UploadEvent::DialectChosen { generation, .. }) => {
            make_dataset(&context, &event, UploadId(event.aggregate_id), generation).await
        }
        Event::Dataset(DatasetEvent::ColumnRolesAssigned { revision, .. }) => {
            aggregate_again(&context, &event, DatasetId(event.aggregate_id), revision).await
        }
        _ => Ok(()),
    }
}

/// Reads the file, unless this reading was done or is no longer wanted.
async fn make_dataset(context: &Context, event: &Recorded, upload_id: UploadId, generation: u32) -> Result<()> {
    let upload = context.commands.store.load::<Upload>(upload_id.0).await?.aggregate;
    let dataset_id = DatasetId::of_upload(upload_id, generation);
    let dataset = context.commands.store.load::<Dataset>(dataset_id.0).await?.aggregate;
    let Some(file) = upload.stored().filter(|_| upload.generation() == generation && !dataset.is_decided()) else {
        return Ok(());
    };
    let command = match read(context, upload_id, dataset_id, file, upload.dialect()).await {
        Ok(read) => DatasetCommand::CreateDataset(Box::new(new_dataset(upload_id, file, read))),
        Err(IngestError::Unreadable(reason)) => DatasetCommand::RejectDataset { upload_id, reason },
        Err(IngestError::Failed(error)) => return Err(error),
    };
    record(context, event, dataset_id, command).await
}

async fn read(
    context: &Context,
    upload_id: UploadId,
    dataset_id: DatasetId,
    file: &StoredFile,
    dialect: &DialectChoice,
) -> Result<Ingested, IngestError> {
    let projections = &context.projections;
    let roles = projections.views.store_roles(file.customer_id, file.store_id).await.map_err(IngestError::Failed)?;
    let (files, location) = (context.commands.files.clone(), file.location.clone());
    let (done, seen) = watch::channel(0);
    let reading = read_dataset(
        &projections.frames,
        dataset_id,
        move || files.reader(&location),
        UserHints { roles, dialect: dialect.clone() },
        move |bytes| {
            done.send_replace(bytes);
        },
    );
    tokio::select! {
        read = reading => read,
        never = show_progress(&projections.progress, upload_id, file.size_bytes, seen) => match never {},
    }
}

/// Shows how much has been read, a few times a second, for as long as it is polled.
async fn show_progress(
    progress: &Progress,
    upload_id: UploadId,
    total: u64,
    mut seen: watch::Receiver<u64>,
) -> Infallible {
    loop {
        let done = *seen.borrow_and_update();
        progress.set_upload(upload_id, done, total).await;
        tokio::time::sleep(PROGRESS_PAUSE).await;
        if seen.changed().await.is_err() {
            // The reader said its last word; what is left is to store it.
            std::future::pending::<()>().await;
        }
    }
}

fn new_dataset(upload_id: UploadId, file: &StoredFile, read: Ingested) -> NewDataset {
    NewDataset {
        upload_id,
        customer_id: file.customer_id,
        store_id: file.store_id,
        row_count: read.row_count,
        rejected_row_count: read.rejected_row_count,
        repeated_row_count: Some(read.repeated_row_count),
        encoding: read.encoding,
        delimiter: read.delimiter,
        dialect: Some(read.dialect),
        questions: read.questions,
        columns: read.columns,
        shoppers: read.shoppers,
        remembered: Some(read.remembered).filter(|roles| !roles.is_empty()),
    }
}

async fn aggregate_again(context: &Context, event: &Recorded, dataset_id: DatasetId, revision: u32) -> Result<()> {
    let dataset = context.commands.store.load::<Dataset>(dataset_id.0).await?.aggregate;
    if dataset.is_aggregated(revision) {
        return Ok(());
    }
    let shoppers = aggregate(&context.projections.frames, dataset_id, revision, dataset.columns()).await?;
    record(context, event, dataset_id, DatasetCommand::RecordShoppers { revision, shoppers }).await
}

/// Records a result; a dataset that was deleted meanwhile loses the frames that were just written.
async fn record(context: &Context, event: &Recorded, dataset_id: DatasetId, command: DatasetCommand) -> Result<()> {
    let metadata = event.cause(CONSUMER.name);
    match context.commands.store.execute::<Dataset>(dataset_id.0, command, &metadata).await {
        Ok(_) => Ok(()),
        Err(CommandError::Refused(DatasetError::Deleted)) => {
            context.projections.frames.delete_dataset(dataset_id).await
        }
        Err(error) => Err(error.into()),
    }
}
