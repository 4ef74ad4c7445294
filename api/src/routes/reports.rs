//! Reports: questions about the shoppers of some datasets, and their answers.

mod compare;
mod question;
mod score;
mod shoppers;

use std::ops::Range;
use std::time::Duration;

use anyhow::Context;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use domain::report::{Algorithm, ClusterCount, Features, Scale};
use domain::{CustomerId, DatasetId, Report, ReportCommand, ReportEvent, ReportId, StoreId};
use projections::{FrameId, ReportRow, ReportStatus, ReportSummary, Row};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Accepted, List, Paging, Tagged, cursor, limit};
use crate::app::App;
use crate::download::{Format, Formulas, download};
use crate::extract::{Analyst, IdempotencyKey, Json, Path, Prefer, Query, ReportPath, Viewer};
use crate::problem::{NOT_FOUND, Problem};
use crate::remember::remember;
use crate::table::Objects;
use crate::wait::wait_until;

/// The endpoints of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(request_report, list_reports))
        .routes(routes!(get_report))
        .routes(routes!(list_shoppers))
        .routes(routes!(export_shoppers))
        .merge(compare::router())
        .merge(score::router())
}

/// A question about the shoppers of some datasets. Everything has a default.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReport {
    /// Only datasets of these stores.
    store_ids: Option<Vec<StoreId>>,
    /// Only these datasets; by default every ready one.
    dataset_ids: Option<Vec<DatasetId>>,
    /// What the shoppers are compared by: `"rfm"` or `{"purchases": [habits]}` for purchases, `{"columns": […]}` for
    /// shopper tables.
    features: Option<Features>,
    #[serde(default)]
    scale: Scale,
    #[serde(default)]
    algorithm: Algorithm,
    #[serde(default)]
    #[schema(value_type = ClusterCount)]
    clusters: ClusterCount,
    /// DBSCAN: the radius of a neighbourhood.
    epsilon: Option<f64>,
    /// DBSCAN: how many shoppers make it dense.
    #[schema(minimum = 2)]
    min_points: Option<u32>,
    /// The day from which recency counts; by default the day after the last purchase.
    as_of: Option<NaiveDate>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    seed: u64,
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
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Which shoppers of a report, and how.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// Only shoppers of this segment.
    segment: Option<u32>,
    #[serde(default)]
    format: Format,
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

/// Asks for a report. The same question about the same data is answered once.
#[utoipa::path(post, path = "/customers/{customer_id}/reports", tag = "reports",
    security(("bearer" = ["analyst"])),
    params(("customer_id" = CustomerId, Path)), request_body = NewReport,
    responses((status = 202, body = ReportBody), (status = 200, body = ReportBody)))]
async fn request_report(
    State(app): State<App>,
    analyst: Analyst,
    key: IdempotencyKey,
    prefer: Prefer,
    Json(new): Json<NewReport>,
) -> Result<Accepted<ReportBody>, Problem> {
    let customer = analyst.customer_id;
    let ask = async {
        let (spec, context) = question::ask(&app, customer, &new).await?;
        let report_id = spec.report_id(customer);
        let requested_by = analyst.user_id;
        let command = ReportCommand::RequestReport { customer_id: customer, spec, context, requested_by };
        let asked = app.execute::<Report>(report_id.0, command, &analyst.metadata()).await?;
        Ok((report_id, asked.events.iter().any(|event| matches!(event, ReportEvent::ReportRequested { .. }))))
    };
    let fingerprint = (customer, "reports", &new);
    let (report_id, is_new) = app.once(Some(analyst.user_id), key.0.as_deref(), &fingerprint, ask).await?;
    let row = waited(&app, customer, report_id, if is_new { prefer.wait } else { None }).await?;
    let cached = !is_new && row.body.status == ReportStatus::Completed;
    let done = cached || (prefer.wait.is_some() && is_settled(&row));
    let location = format!("/api/v1/customers/{customer}/reports/{report_id}");
    Ok(Accepted { location, resource: tagged(&app, row, cached).await, done })
}

/// Lists the reports, newest first.
#[utoipa::path(get, path = "/customers/{customer_id}/reports", tag = "reports",
    security(("bearer" = ["viewer"])),
    params(("customer_id" = CustomerId, Path), Paging), responses((status = 200, body = List<ReportSummary>)))]
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
    remember(&app, &viewer, list, |_| true).await
}

/// Shows a report; with `Prefer: wait` once it is completed or failed.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}", tag = "reports",
    security(("bearer" = ["viewer"])), params(ReportPath),
    responses((status = 200, body = ReportBody)))]
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
    remember(&app, &viewer, report, |report| report.version.is_some()).await
}

/// Lists the shoppers of a report with their segment and features.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}/shoppers", tag = "reports",
    security(("bearer" = ["viewer"])),
    params(ReportPath, ShoppersQuery), responses((status = 200, body = List<Object>)))]
async fn list_shoppers(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ReportPath>,
    Query(query): Query<ShoppersQuery>,
) -> Result<Objects, Problem> {
    let report = completed(&app, viewer.customer_id, path.report_id).await?;
    let rows = segment_rows(&report, query.segment)?;
    let (start, limit) = (cursor(query.cursor.as_deref())?.unwrap_or(rows.start).max(rows.start), limit(query.limit)?);
    let rows = start..rows.end.max(start);
    let frame = FrameId::assignments(path.report_id);
    shoppers::page(&app.projections.frames, &frame, rows, query.rfm.as_deref(), limit as usize).await
}

/// Sends the shoppers of a report as a file.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}/export", tag = "reports",
    security(("bearer" = ["viewer"])),
    params(ReportPath, ExportQuery),
    responses((status = 200, content((String = "text/csv"), (String = "application/vnd.apache.parquet"),
        (String = "application/vnd.apache.arrow.stream")))))]
async fn export_shoppers(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ReportPath>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let report = completed(&app, viewer.customer_id, path.report_id).await?;
    let rows = segment_rows(&report, query.segment)?;
    let name = query.segment.map_or_else(|| "shoppers".to_owned(), |segment| format!("segment-{segment}"));
    download(
        app.projections.frames.clone(),
        FrameId::assignments(path.report_id),
        std::iter::once(rows),
        (query.format, Formulas::Disarmed),
        &name,
    )
    .await
}

async fn report_row(app: &App, customer: CustomerId, report: ReportId) -> Result<Row<ReportRow>, Problem> {
    let row = app.projections.views.report(customer, report).await?;
    row.ok_or_else(|| NOT_FOUND.because("There is no such report."))
}

async fn waited(
    app: &App,
    customer: CustomerId,
    report: ReportId,
    wait: Option<Duration>,
) -> Result<Row<ReportRow>, Problem> {
    wait_until(app, wait, || report_row(app, customer, report), is_settled).await
}

fn is_settled(row: &Row<ReportRow>) -> bool {
    row.body.status != ReportStatus::Requested
}

async fn completed(app: &App, customer: CustomerId, report: ReportId) -> Result<ReportRow, Problem> {
    let row = report_row(app, customer, report).await?.body;
    match row.status {
        ReportStatus::Completed => Ok(row),
        _ => Err(NOT_FOUND.because("The report has no shoppers, because it is not completed.")),
    }
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
