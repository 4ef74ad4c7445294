//! A report of a customer, or the answer that there is none.

use std::time::Duration;

use domain::{CustomerId, ReportId};
use projections::{ReportRow, ReportStatus, Row};

use crate::app::App;
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::wait::wait_until;

pub(super) async fn report_row(app: &App, customer: CustomerId, report: ReportId) -> Result<Row<ReportRow>, Problem> {
    let row = app.projections.views.report(customer, report).await?;
    row.ok_or_else(|| NOT_FOUND.with_detail("There is no such report."))
}

pub(super) async fn waited(
    app: &App,
    customer: CustomerId,
    report: ReportId,
    wait: Option<Duration>,
) -> Result<Row<ReportRow>, Problem> {
    wait_until(app, wait, || report_row(app, customer, report), is_settled).await
}

pub(super) fn is_settled(row: &Row<ReportRow>) -> bool {
    row.body.status != ReportStatus::Requested
}

pub(super) async fn completed(app: &App, customer: CustomerId, report: ReportId) -> Result<ReportRow, Problem> {
    let row = report_row(app, customer, report).await?.body;
    match row.status {
        ReportStatus::Completed => Ok(row),
        _ => Err(NOT_FOUND.with_detail("The report has no shoppers, because it is not completed.")),
    }
}
