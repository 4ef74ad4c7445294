//! What does this report say?

use anyhow::Result;
use chrono::{DateTime, NaiveDate, Utc};
use domain::report::{
    Algorithm, Candidate, DatasetRevision, MixtureComponent, Parameters, Quality, ReportContext, ReportResult,
    ReportSpec, RfmGroup, Scaling, Segment, SourceDataset, Succession,
};
use domain::{CustomerId, DatasetId, Event, ReportEvent, ReportId, StoreId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::views::sql::{StoredRow, Views};
use crate::views::view::{Fact, Row, View};

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// It was asked for.
    Requested,
    /// It is being made. No fact of the log, so no row says it: whoever answers knows it from the progress.
    Running,
    /// The answer is there.
    Completed,
    /// There is no answer; `error` says why.
    Failed,
}

/// A question and, once completed, its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportRow {
    /// The report.
    pub id: ReportId,
    /// How far it is.
    pub status: ReportStatus,
    /// How the question was asked.
    pub parameters: Parameters,
    /// The datasets it is about, each under one revision of its roles.
    pub datasets: Vec<DatasetRevision>,
    /// The same datasets by id alone.
    pub dataset_ids: Vec<DatasetId>,
    /// The stores that they belong to; unknown for reports of old.
    #[serde(default)]
    pub store_ids: Vec<StoreId>,
    /// The day from which recency counts.
    pub as_of: Option<NaiveDate>,
    /// How many shoppers were clustered.
    pub shopper_count: Option<u64>,
    /// The features that were used, in order.
    pub features: Vec<String>,
    /// How each feature was scaled.
    pub scaling: Vec<Scaling>,
    /// How many clusters there are.
    pub clusters: Option<u32>,
    /// Shoppers in no cluster.
    pub noise_count: Option<u64>,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Iterations of the best start.
    pub iterations: Option<u32>,
    /// Whether it came to rest before the limit.
    pub converged: Option<bool>,
    /// How good the partition is.
    pub quality: Option<Quality>,
    /// The numbers of clusters that were tried, when the number was not given.
    pub candidates: Vec<Candidate>,
    /// The groups of shoppers.
    pub segments: Vec<Segment>,
    /// The classic grid; absent in a shopper table.
    pub rfm: Option<Vec<RfmGroup>>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// The components of a Gaussian mixture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mixture: Vec<MixtureComponent>,
    /// The report whose segments these follow.
    #[serde(default)]
    pub previous: Option<Succession>,
    /// The files that it was made from, in the order of their uploads.
    #[serde(default)]
    pub sources: Vec<SourceDataset>,
    /// The version of the program that made it.
    #[serde(default)]
    pub program_version: Option<String>,
    /// Why there is no answer, for a person.
    pub error: Option<String>,
    /// Who asked.
    pub requested_by: UserId,
    /// When it was asked.
    pub requested_at: DateTime<Utc>,
    /// When it was answered, or failed.
    pub completed_at: Option<DateTime<Utc>>,
}

impl View for ReportRow {
    const TABLE: &'static str = "reports";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        matches!(fact.event, Event::Report(_)).then(|| fact.recorded.aggregate_id.to_string())
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        let Event::Report(event) = &fact.event else { return row };
        match event {
            ReportEvent::ReportRequested { customer_id, spec, context, requested_by } => {
                Some(Row::new(Some(*customer_id), fact, requested(spec, context, *requested_by, fact)))
            }
            ReportEvent::ReportCompleted(findings) => Some(row?.changed(fact, |report| {
                report.status = ReportStatus::Completed;
                report.completed_at = Some(fact.at());
                report.take(findings.as_ref().clone());
            })),
            ReportEvent::ReportFailed { reason } => Some(row?.changed(fact, |report| {
                report.status = ReportStatus::Failed;
                report.completed_at = Some(fact.at());
                report.error = Some(reason.clone());
            })),
        }
    }
}

fn requested(spec: &ReportSpec, context: &ReportContext, requested_by: UserId, fact: &Fact<'_>) -> ReportRow {
    let ReportSpec { datasets, parameters } = spec.clone();
    ReportRow {
        id: ReportId(fact.recorded.aggregate_id),
        status: ReportStatus::Requested,
        algorithm: parameters.algorithm,
        parameters,
        dataset_ids: datasets.iter().map(|dataset| dataset.dataset_id).collect(),
        datasets,
        store_ids: context.store_ids.clone(),
        as_of: None,
        shopper_count: None,
        features: vec![],
        scaling: vec![],
        clusters: None,
        noise_count: None,
        iterations: None,
        converged: None,
        quality: None,
        candidates: vec![],
        segments: vec![],
        rfm: None,
        notes: vec![],
        mixture: vec![],
        previous: None,
        sources: vec![],
        program_version: None,
        error: None,
        requested_by,
        requested_at: fact.at(),
        completed_at: None,
    }
}

impl ReportRow {
    fn take(&mut self, findings: ReportResult) {
        self.as_of = findings.as_of;
        self.shopper_count = Some(findings.shopper_count);
        self.features = findings.features;
        self.scaling = findings.scaling;
        self.clusters = Some(findings.clusters);
        self.noise_count = Some(findings.noise_count);
        self.iterations = Some(findings.iterations);
        self.converged = Some(findings.converged);
        self.quality = Some(findings.quality);
        self.candidates = findings.candidates;
        self.segments = findings.segments;
        self.rfm = findings.rfm;
        self.notes = findings.notes;
        self.mixture = findings.mixture;
        self.previous = findings.previous;
        self.sources = findings.sources;
        self.program_version = findings.program_version;
    }
}

impl Views {
    /// A report with its findings.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn report(&self, customer: CustomerId, report: ReportId) -> Result<Option<Row<ReportRow>>> {
        self.owned(customer, report).await
    }

    /// A report that is completed or failed, as the JSON that is stored: findings are large, and to read them only to
    /// write them again would be most of the work of showing them.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn settled_report(&self, customer: CustomerId, report: ReportId) -> Result<Option<Row<String>>> {
        let row = self.stored(ReportRow::TABLE, &report.to_string()).await?;
        let row = row.map(StoredRow::text).transpose()?;
        // Within a string the quotation marks would be escaped.
        let is_settled = |row: &Row<String>| !row.body.contains(r#""status":"requested""#);
        Ok(row.filter(|row| row.customer_id == Some(customer) && is_settled(row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_log::{Log, asked, completed};

    #[test]
    fn shows_the_answer_once_it_is_there() {
        let log = Log::new().report(1, asked(1));
        let row = log.only::<ReportRow>().body;
        assert_eq!((row.status, row.clusters, row.completed_at), (ReportStatus::Requested, None, None));

        let row = log.report(1, completed()).only::<ReportRow>();
        assert_eq!((row.body.status, row.body.clusters, row.version), (ReportStatus::Completed, Some(2), 2));
        assert_eq!(row.body.quality.and_then(|quality| quality.silhouette), Some(0.1 + 0.2));
        assert!(row.body.completed_at > Some(row.body.requested_at));
    }

    #[test]
    fn a_failed_question_that_is_asked_again_begins_anew() {
        let failed = ReportEvent::ReportFailed { reason: "too few shoppers".into() };
        let log = Log::new().report(1, asked(1)).report(1, failed);
        let row = log.only::<ReportRow>().body;
        assert_eq!((row.status, row.error.as_deref()), (ReportStatus::Failed, Some("too few shoppers")));

        let row = log.report(1, asked(1)).only::<ReportRow>();
        assert_eq!((row.body.status, row.body.error, row.position), (ReportStatus::Requested, None, 3));
    }
}
