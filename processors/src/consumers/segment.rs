//! The consumer `segment`: answers a question about some datasets with a report.

use anyhow::{Context as _, Result};
use domain::report::{DatasetRevision, ReportContext, ReportResult, ReportSpec};
use domain::{CustomerId, Event, Recorded, Report, ReportCommand, ReportEvent, ReportId};

use crate::runtime::consumer::Consumer;
use crate::runtime::context::Context;
use crate::segmentation::compute_report::compute_report;
use crate::segmentation::input::{EarlierReport, ReportDataset, SegmentError};

/// The consumer.
pub const CONSUMER: Consumer = Consumer { name: "segment", concurrency: 1, wants: &["ReportRequested"] };

/// Answers the question. A second delivery computes the same answer, and the report keeps the first.
///
/// # Errors
/// When a store cannot be reached; a question that cannot be answered is a decision, not an error.
pub async fn handle(context: Context, event: Recorded) -> Result<()> {
    let Event::Report(ReportEvent::ReportRequested { customer_id, spec, context: asked_in, .. }) = event.event()?
    else {
        return Ok(());
    };
    let report_id = ReportId(event.aggregate_id);
    context.projections.progress.set_report_running(report_id).await;
    let command = match make_report(&context, customer_id, report_id, &spec, &asked_in).await {
        Ok(result) => ReportCommand::CompleteReport(Box::new(result)),
        Err(SegmentError::Unanswerable(reason)) => ReportCommand::FailReport { reason },
        Err(SegmentError::Failed(error)) => return Err(error),
    };
    context.commands.store.execute::<Report>(report_id.0, command, &event.cause(CONSUMER.name)).await?;
    Ok(())
}

async fn make_report(
    context: &Context,
    customer: CustomerId,
    report: ReportId,
    spec: &ReportSpec,
    asked_in: &ReportContext,
) -> Result<ReportResult, SegmentError> {
    let mut datasets = Vec::with_capacity(spec.datasets.len());
    for revision in &spec.datasets {
        datasets.push(dataset(context, customer, *revision).await?);
    }
    datasets.sort_by_key(|(uploaded, _)| *uploaded);
    let datasets: Vec<_> = datasets.into_iter().map(|(_, dataset)| dataset).collect();
    let earlier = earlier(context, asked_in).await?;
    let result = compute_report(&context.projections.frames, report, &datasets, &spec.parameters, earlier).await?;
    Ok(ReportResult { program_version: Some(context.program_version.to_string()), ..result })
}

/// The dataset as it was when the question was asked, with the position of its upload.
async fn dataset(
    context: &Context,
    customer: CustomerId,
    asked: DatasetRevision,
) -> Result<(u64, ReportDataset), SegmentError> {
    let views = &context.projections.views;
    let deleted = || SegmentError::Unanswerable("a dataset was deleted before the report was made; ask again".into());
    let row = views.dataset(customer, asked.dataset_id).await?.ok_or_else(deleted)?.body;
    let upload = views.upload(customer, row.upload_id).await?.ok_or_else(deleted)?;
    let Some(shape) = row.shape.filter(|_| row.revision == asked.revision) else {
        let reason = "the meaning of the columns was changed before the report was made; ask again";
        return Err(SegmentError::Unanswerable(reason.into()));
    };
    let dataset = ReportDataset {
        dataset: asked,
        store_id: row.store_id,
        sha256: upload.body.sha256,
        shape,
        columns: row.columns,
        overlaps: row.overlaps,
    };
    Ok((upload.position, dataset))
}

/// The report whose segments the new ones follow. Its own stream tells, so that views that are behind do not matter.
async fn earlier(context: &Context, asked_in: &ReportContext) -> Result<Option<EarlierReport>> {
    let Some(report_id) = asked_in.previous else { return Ok(None) };
    let report = context.commands.store.load::<Report>(report_id.0).await.context("loading the earlier report")?;
    Ok(report.aggregate.segments().map(|segments| EarlierReport { report_id, segments: segments.to_vec() }))
}
