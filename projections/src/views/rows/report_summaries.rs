//! Which reports did this customer ask for? The same rows as the reports, without what makes those large.

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::report::{Algorithm, Parameters};
use domain::{CustomerId, DatasetId, Event, ReportEvent, ReportId, StoreId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reports::ReportStatus;
use crate::views::page::Page;
use crate::views::sql::{Selection, Views};
use crate::views::view::{Fact, Row, View};

/// A report in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportSummary {
    /// The report.
    pub id: ReportId,
    /// How far it is.
    pub status: ReportStatus,
    /// How the question was asked.
    pub parameters: Parameters,
    /// The datasets it is about.
    pub dataset_ids: Vec<DatasetId>,
    /// The stores that they belong to; unknown for reports of old.
    #[serde(default)]
    pub store_ids: Vec<StoreId>,
    /// How many shoppers were clustered.
    pub shopper_count: Option<u64>,
    /// How many clusters there are.
    pub clusters: Option<u32>,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Mean silhouette, -1 to 1, higher is better.
    pub silhouette: Option<f64>,
    /// Why there is no answer, for a person.
    pub error: Option<String>,
    /// Who asked.
    pub requested_by: UserId,
    /// When it was asked.
    pub requested_at: DateTime<Utc>,
    /// When it was answered, or failed.
    pub completed_at: Option<DateTime<Utc>>,
}

impl View for ReportSummary {
    const TABLE: &'static str = "report_summaries";

    fn keys(fact: &Fact<'_>) -> impl IntoIterator<Item = String> {
        matches!(fact.event, Event::Report(_)).then(|| fact.recorded.aggregate_id.to_string())
    }

    fn evolve(row: Option<Row<Self>>, fact: &Fact<'_>) -> Option<Row<Self>> {
        let Event::Report(event) = &fact.event else { return row };
        match event {
            ReportEvent::ReportRequested { customer_id, spec, context, requested_by } => {
                let body = Self {
                    id: ReportId(fact.recorded.aggregate_id),
                    status: ReportStatus::Requested,
                    parameters: spec.parameters.clone(),
                    dataset_ids: spec.datasets.iter().map(|dataset| dataset.dataset_id).collect(),
                    store_ids: context.store_ids.clone(),
                    shopper_count: None,
                    clusters: None,
                    algorithm: spec.parameters.algorithm,
                    silhouette: None,
                    error: None,
                    requested_by: *requested_by,
                    requested_at: fact.at(),
                    completed_at: None,
                };
                Some(Row::new(Some(*customer_id), fact, body))
            }
            ReportEvent::ReportCompleted(findings) => Some(row?.changed(fact, |report| {
                report.status = ReportStatus::Completed;
                report.completed_at = Some(fact.at());
                report.shopper_count = Some(findings.shopper_count);
                report.clusters = Some(findings.clusters);
                report.silhouette = findings.quality.silhouette;
            })),
            ReportEvent::ReportFailed { reason } => Some(row?.changed(fact, |report| {
                report.status = ReportStatus::Failed;
                report.completed_at = Some(fact.at());
                report.error = Some(reason.clone());
            })),
        }
    }
}

impl Views {
    /// The reports without their findings, newest first.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn reports(
        &self,
        customer: CustomerId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Row<ReportSummary>>> {
        self.page(Selection::of(customer).newest_first(), after, limit).await
    }

    /// All reports of a customer.
    ///
    /// # Errors
    /// See [`Views`].
    pub async fn report_ids(&self, customer: CustomerId) -> Result<Vec<ReportId>> {
        let rows = self.all::<ReportSummary>(Selection::of(customer)).await?;
        Ok(rows.into_iter().map(|row| row.body.id).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::rows::reports::ReportRow;
    use crate::views::test_log::{Log, asked, completed};

    #[test]
    fn says_the_same_as_the_report() {
        let log = Log::new().report(1, asked(1)).report(1, completed());
        let (summary, report) = (log.only::<ReportSummary>(), log.only::<ReportRow>());
        assert_eq!((summary.position, summary.version), (report.position, report.version));
        let (summary, report) = (summary.body, report.body);
        assert_eq!((summary.id, summary.status), (report.id, report.status));
        assert_eq!((summary.clusters, summary.shopper_count), (report.clusters, report.shopper_count));
        assert_eq!(summary.silhouette, report.quality.and_then(|quality| quality.silhouette));
        assert_eq!((summary.requested_at, summary.completed_at), (report.requested_at, report.completed_at));
    }
}
