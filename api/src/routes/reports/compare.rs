//! Two reports compared: how many shoppers moved from which segment to which, entered and left, and who they are.

use axum::extract::State;
use axum::response::Response;
use domain::report::Scaling;
use domain::{CustomerId, ReportId};
use processors::segmentation::changes::{Change, ChangeGroup, changes};
use processors::segmentation::matching::continued;
use projections::{FrameId, ReportRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::lookup::completed;
use crate::app::App;
use crate::http::download::{DownloadFormat, Formulas, FrameFile, download};
use crate::http::extract::{ComparePath, Path, Query, Viewer};
use crate::http::frame_json::FrameJson;
use crate::http::frame_rows::FrameRows;
use crate::http::problem::Problem;
use crate::http::response::Paging;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(compare_reports)).routes(routes!(list_changes)).routes(routes!(export_changes))
}

/// What changed from the earlier of two reports to the later one.
#[derive(Serialize, ToSchema)]
struct Comparison {
    /// The earlier report.
    from_report: ReportId,
    /// The later report.
    to_report: ReportId,
    /// For each segment of the later report the earlier one that it continues.
    continues: Vec<Option<u32>>,
    /// Shoppers who are in another segment than before.
    moved: Vec<Move>,
    /// Shoppers who are only in the later report.
    entered: u64,
    /// Shoppers who are only in the earlier report.
    left: u64,
    /// Shoppers who are in the segment that continues the one before.
    stayed: u64,
}

/// Shoppers who moved from one segment to another.
#[derive(Serialize, ToSchema)]
struct Move {
    /// The segment of the earlier report; absent for shoppers who were in none.
    from: Option<u32>,
    /// The segment of the later report; absent for shoppers who are in none.
    to: Option<u32>,
    /// How many.
    shoppers: u64,
}

/// Which changes, and which part of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// Only this change.
    #[param(inline)]
    change: Option<Change>,
    /// Only from this segment of the earlier report.
    from: Option<u32>,
    /// Only to this segment of the later report.
    to: Option<u32>,
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Which changes, and how.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportChangesQuery {
    /// Only this change.
    #[param(inline)]
    change: Option<Change>,
    /// Only from this segment of the earlier report.
    from: Option<u32>,
    /// Only to this segment of the later report.
    to: Option<u32>,
    /// In which format; by default CSV.
    #[serde(default)]
    format: DownloadFormat,
}

/// Compares two reports.
///
/// From the earlier to the later one, in whichever order they are named: how many shoppers moved from which segment to
/// which, came and left.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}/compare/{other_report_id}", tag = "reports",
    security(("bearer" = ["viewer"])),
    params(ComparePath),
    responses((status = 200, description = "What changed", body = Comparison)))]
async fn compare_reports(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ComparePath>,
) -> Result<axum::Json<Comparison>, Problem> {
    let compared = Compared::of(&app, viewer.customer_id, path).await?;
    let count = |change| compared.groups.iter().filter(|group| group.change == change).map(size).sum();
    let moved = compared.groups.iter().filter(|group| group.change == Change::Moved);
    Ok(axum::Json(Comparison {
        moved: moved.map(|group| Move { from: group.from, to: group.to, shoppers: size(group) }).collect(),
        entered: count(Change::Entered),
        left: count(Change::Left),
        stayed: count(Change::Stayed),
        from_report: compared.from,
        to_report: compared.to,
        continues: compared.continues,
    }))
}

/// Lists the shoppers of some changes between two reports.
///
/// Each with the segment before and after.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}/compare/{other_report_id}/shoppers",
    tag = "reports", security(("bearer" = ["viewer"])),
    params(ComparePath, ChangesQuery),
    responses((status = 200, description = "A page of the list", body = FrameJson)))]
async fn list_changes(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ComparePath>,
    Query(query): Query<ChangesQuery>,
) -> Result<FrameJson, Problem> {
    let compared = Compared::of(&app, viewer.customer_id, path).await?;
    let rows = compared.rows(query.change, query.from, query.to);
    let paging = Paging { limit: query.limit, cursor: query.cursor };
    rows.page(&app.projections.frames, None, &paging).await
}

/// Sends the shoppers of some changes between two reports as a file.
///
/// In CSV a text that a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(get, path = "/customers/{customer_id}/reports/{report_id}/compare/{other_report_id}/export",
    tag = "reports", security(("bearer" = ["viewer"])),
    params(ComparePath, ExportChangesQuery),
    responses(FrameFile))]
async fn export_changes(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ComparePath>,
    Query(query): Query<ExportChangesQuery>,
) -> Result<Response, Problem> {
    let compared = Compared::of(&app, viewer.customer_id, path).await?;
    let rows = compared.rows(query.change, query.from, query.to);
    download(app.projections.frames, rows, (query.format, Formulas::Disarmed), "changes").await
}

/// Two reports with what became of their shoppers.
struct Compared {
    from: ReportId,
    to: ReportId,
    continues: Vec<Option<u32>>,
    frame: FrameId,
    groups: Vec<ChangeGroup>,
}

impl Compared {
    async fn of(app: &App, customer: CustomerId, path: ComparePath) -> Result<Self, Problem> {
        let a = completed(app, customer, path.report_id).await?;
        let b = completed(app, customer, path.other_report_id).await?;
        let (from, to) = if age(&a) <= age(&b) { (a, b) } else { (b, a) };
        let continues = continued(&to.segments, &from.segments, &to.scaling, spread(&to.scaling));
        let (frame, groups) = changes(&app.projections.frames, from.id, to.id, &continues).await?;
        Ok(Self { from: from.id, to: to.id, continues, frame, groups })
    }

    /// The rows of the shoppers that are asked for.
    fn rows(self, change: Option<Change>, from: Option<u32>, to: Option<u32>) -> FrameRows {
        let asked = |group: &&ChangeGroup| {
            change.is_none_or(|change| group.change == change)
                && from.is_none_or(|from| group.from == Some(from))
                && to.is_none_or(|to| group.to == Some(to))
        };
        let ranges = self.groups.iter().filter(asked).map(|group| group.rows.clone()).collect();
        FrameRows { frame: self.frame, ranges }
    }
}

fn size(group: &ChangeGroup) -> u64 {
    group.rows.end - group.rows.start
}

/// What orders reports in time: the day that they are about, then when they were asked for.
fn age(report: &ReportRow) -> impl Ord + use<> {
    (report.as_of, report.requested_at, report.id)
}

/// The variance of all coordinates of a space whose features are standardised.
fn spread(scaling: &[Scaling]) -> f64 {
    let is_standardised = scaling.iter().any(|scaling| scaling.deviation != 1.0);
    // Where features stay in their units nothing is known of how far they spread, so every segment continues one.
    if is_standardised { scaling.len() as f64 } else { f64::INFINITY }
}
