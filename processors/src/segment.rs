//! The consumer `segment`: answers a question about some datasets with a report.

pub mod answer;
pub mod assignments;
pub mod choose;
pub mod clustering;
pub mod density;
pub mod features;
mod frame;
pub mod group;
pub mod kmeans;
pub mod mixture;
pub mod naming;
pub mod points;
pub mod products;
pub mod purchases;
pub mod quality;
pub mod random;
pub mod rfm;
pub mod rows;
#[cfg(test)]
mod samples;
pub mod stability;
pub mod table;
pub mod words;

pub use answer::{ReportDataset, SegmentError, answer};
use anyhow::Result;
use domain::report::{DatasetRevision, Findings, Question};
use domain::{CustomerId, Event, Recorded, Report, ReportCommand, ReportEvent, ReportId};

use crate::Context;
use crate::consumer::Consumer;

/// The consumer.
pub const CONSUMER: Consumer = Consumer { name: "segment", concurrency: 1, wants: &["ReportRequested"] };

/// Answers the question. A second delivery computes the same answer, and the report keeps the first.
///
/// # Errors
/// When a store cannot be reached; a question that cannot be answered is a decision, not an error.
pub async fn handle(context: Context, event: Recorded) -> Result<()> {
    let Event::Report(ReportEvent::ReportRequested { customer_id, question, .. }) = event.event()? else {
        return Ok(());
    };
    let report_id = ReportId(event.aggregate_id);
    context.projections.progress.set_report_running(report_id).await;
    let command = match answer_question(&context, customer_id, report_id, &question).await {
        Ok(findings) => ReportCommand::CompleteReport(Box::new(findings)),
        Err(SegmentError::Unanswerable(reason)) => ReportCommand::FailReport { reason },
        Err(SegmentError::Failed(error)) => return Err(error),
    };
    context.commands.store.execute::<Report>(report_id.0, command, &event.cause(CONSUMER.name)).await?;
    Ok(())
}

async fn answer_question(
    context: &Context,
    customer: CustomerId,
    report: ReportId,
    question: &Question,
) -> Result<Findings, SegmentError> {
    let mut datasets = Vec::with_capacity(question.datasets.len());
    for revision in &question.datasets {
        datasets.push(dataset(context, customer, *revision).await?);
    }
    datasets.sort_by_key(|(created, _)| *created);
    let datasets: Vec<_> = datasets.into_iter().map(|(_, dataset)| dataset).collect();
    answer(&context.projections.frames, report, &datasets, &question.parameters).await
}

/// The dataset as it was when the question was asked, with its place among the others.
async fn dataset(
    context: &Context,
    customer: CustomerId,
    asked: DatasetRevision,
) -> Result<(u64, ReportDataset), SegmentError> {
    let row = context.projections.views.dataset(customer, asked.dataset_id).await.map_err(SegmentError::Failed)?;
    let Some(row) = row else {
        return Err(SegmentError::Unanswerable("a dataset was deleted before the report was made; ask again".into()));
    };
    let Some(shape) = row.body.shape.filter(|_| row.body.revision == asked.revision) else {
        let reason = "the meaning of the columns was changed before the report was made; ask again";
        return Err(SegmentError::Unanswerable(reason.into()));
    };
    Ok((row.position, ReportDataset { dataset: asked, shape, columns: row.body.columns }))
}
