//! Reports: questions about the shoppers of some datasets, and their answers.

mod compare;
mod lookup;
mod new_report;
mod rfm_group;
mod score;
mod spec;

use std::ops::Range;

use anyhow::Context;
use axum::extract::State;
use axum::response::Response;
use domain::{Report, ReportCommand, ReportEvent};
use projections::{FrameId, ReportRow, ReportStatus, ReportSummary, Row};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::download::{DownloadFormat, Formulas, FrameFile, download};
use crate::http::extract::{Analyst, CustomerPath, IdempotencyKey, Json, Path, Prefer, Query, ReportPath, Viewer};
use crate::http::frame_json::FrameJson;
use crate::http::frame_rows::FrameRows;
use crate::http::problem::Problem;
use crate::http::response::{Accepted, List, Paging, Tagged, cursor, limit};
use crate::http::response_cache::cached;
use lookup::{completed, is_settled, waited};
use new_report::NewReport;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(request_report, list_reports))
        .routes(routes!(get_report))
        .routes(routes!(list_shoppers))
        .routes(routes!(export_shoppers))
        .merge(compare::router())
        .merge(score::router())
}

/// Which shoppers of a report.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ShoppersQuery {
    /// Only shoppers of this segment.
    segment: Option<u32>,
    /// Only shoppers of this group of the RFM grid.
    rfm: Option<String>,
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Which shoppers of a report, and how.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// Only shoppers of this segment.
    segment: Option<u32>,
    /// In which format; by default CSV.
    #[serde(default)]
    format: DownloadFormat,
}

/// A report with what the request adds.
#[derive(Serialize, ToSchema)]
struct ReportBody {
    #[serde(flatten)]
    report: ReportRow,
    /// Whether the same question had been answered before on the same data.
    cached: bool,
}

/// A report as it is sent: put together here, or as the view holds it.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    Made(Box<ReportBody>),
    Stored(Box<RawValue>),
}

/// Asks for a report.
///
/// Groups the shoppers of some datasets into segments. The same question about the same data is answered once: asked
/// again, it answers 200 with `cached: true`. Without a ready dataset it answers 409 `/problems/no-data`, for
/// parameters that cannot work 422.
#[utoipa::path(post, path = "/customers/{customer_id}/reports", tag = "reports", security(("bearer" = ["analyst"])),
    params(CustomerPath, IdempotencyKey, Prefer), request_body = NewReport,
    responses((status = 202, description = "The report will be made", body = ReportBody),
        (status = 200, description = "The report was there, or was made within `Prefer: wait`", body = ReportBody)))]
async fn request_report(
    State(app): State<App>,
    analyst: Analyst,
    key: IdempotencyKey,
    prefer: Prefer,
    Json(new): Json<NewReport>,
) -> Result<Accepted<ReportBody>, Problem> {
    let customer = analyst.customer_id;
    let ask = async {
        let (spec, context) = spec::resolve(&app, customer, &new).await?;
        let report_id = spec.report_id(customer);
        let requested_by = analyst.user_id;
        let command = ReportCommand::RequestReport { customer_id: customer, spec, context, requested_by };
        let asked = app.execute::<Report>(report_id.0, command, &analyst.metadata()).await?;
        Ok((report_id, asked.events.iter().any(|event| matches!(event, ReportEvent::ReportRequested { .. }))))
    };
    let fingerprint = (customer, "reports", &new);
    let (report_id, is_new) = app.idempotent(Some(analyst.user_id), key.0.as_deref(), &fingerprint, ask).await?;
    let row = waited(&app, customer, report_id, if is_new { prefer.wait } else { None }).await?;
    let cached = !is_new && row.body.status == ReportStatus::Completed;
    let done = cached || (prefer.wait.is_some() && is_settled(&row));
    let location = format!("/api/v1/customers/{customer}/reports/{report_id}");
    Ok(Accepted { location, resource: tagged(&app, row, cached).await, done })
}

/// Lists the reports, newest first.
///
/// Each with its parameters and how it went, without its segments.
#[utoipa::path(get, path = "/customers/{customer_id}/reports", tag = "reports", security(("bearer" = ["viewer"])),
    params(CustomerPath, Paging),
    responses((status = 200, description = "A page of the list", body = List<ReportSummary>)))]
async fn list_reports(
    State(app): State<App>,
    viewer: Viewer,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let (after, limit) = (cursor(paging.cursor.as_deref())?, limit(paging.limit)?);
    let list = async {
        let page = app.projections.views.reports(viewer.customer_id, after, limit).await?;
        Ok(List::of(page, |row| row.body))
    };
    cached(&app, &viewer, list, |_| true).await
}

/// Shows a report.
///
/// The segments, how good they are, and what was asked. With `Prefer: wait` the answer comes once it is completed or
/// failed.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}", tag = "reports",
    security(("bearer" = ["viewer"])),
    params(ReportPath, Prefer),
    responses((status = 200, description = "The report", body = ReportBody)))]
async fn get_report(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ReportPath>,
    prefer: Prefer,
) -> Result<Response, Problem> {
    let report = async {
        if let Some(row) = app.projections.views.settled_report(viewer.customer_id, path.report_id).await? {
            return stored(row);
        }
        let row = waited(&app, viewer.customer_id, path.report_id, prefer.wait).await?;
        let Tagged { body, version } = tagged(&app, row, false).await;
        Ok(Tagged { body: Shown::Made(Box::new(body)), version })
    };
    // Whether a report is being made is not said by the views.
    cached(&app, &viewer, report, |report| report.version.is_some()).await
}

/// Lists the shoppers of a report.
///
/// Each with its segment, its group of the RFM grid, its features and the distance to the centre of the segment.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}/shoppers", tag = "reports",
    security(("bearer" = ["viewer"])),
    params(ReportPath, ShoppersQuery),
    responses((status = 200, description = "A page of the list", body = FrameJson)))]
async fn list_shoppers(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ReportPath>,
    Query(query): Query<ShoppersQuery>,
) -> Result<FrameJson, Problem> {
    let report = completed(&app, viewer.customer_id, path.report_id).await?;
    let rows = segment_rows(&report, query.segment)?;
    let (frames, frame) = (&app.projections.frames, FrameId::assignments(path.report_id));
    let paging = Paging { limit: query.limit, cursor: query.cursor };
    match query.rfm {
        None => FrameRows::range(frame, rows).page(frames, None, &paging).await,
        Some(group) => rfm_group::page(frames, &frame, rows, &group, &paging).await,
    }
}

/// Sends the shoppers of a report as a file.
///
/// All or those of a segment. In CSV a text that a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}/export", tag = "reports",
    security(("bearer" = ["viewer"])),
    params(ReportPath, ExportQuery),
    responses(FrameFile))]
async fn export_shoppers(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ReportPath>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let report = completed(&app, viewer.customer_id, path.report_id).await?;
    let rows = segment_rows(&report, query.segment)?;
    let name = query.segment.map_or_else(|| "shoppers".to_owned(), |segment| format!("segment-{segment}"));
    let rows = FrameRows::range(FrameId::assignments(path.report_id), rows);
    download(app.projections.frames, rows, (query.format, Formulas::Disarmed), &name).await
}

/// The rows of a segment: shoppers stand by segment, so its sizes tell where it begins.
fn segment_rows(report: &ReportRow, segment: Option<u32>) -> Result<Range<u64>, Problem> {
    let sizes: Vec<u64> = report.segments.iter().map(|segment| segment.size).collect();
    let Some(index) = segment.map(|segment| segment as usize) else {
        return Ok(0..report.shopper_count.unwrap_or(0));
    };
    let size = *sizes.get(index).ok_or_else(|| Problem::field("?segment", "the report has no such segment"))?;
    let start = sizes[..index].iter().sum();
    Ok(start..start + size)
}

/// The stored text, with what [`ReportBody`] adds to it.
fn stored(row: Row<String>) -> Result<Tagged<Shown>, Problem> {
    let Row { body: mut text, version, .. } = row;
    text.pop();
    text.push_str(r#","cached":false}"#);
    let text = RawValue::from_string(text).context("reading a stored report")?;
    Ok(Tagged { body: Shown::Stored(text), version: Some(version) })
}

async fn tagged(app: &App, row: Row<ReportRow>, cached: bool) -> Tagged<ReportBody> {
    let Row { body: mut report, version, .. } = row;
    let settled = report.status != ReportStatus::Requested;
    if !settled && app.projections.progress.report_is_running(report.id).await {
        report.status = ReportStatus::Running;
    }
    Tagged { body: ReportBody { report, cached }, version: settled.then_some(version) }
}
