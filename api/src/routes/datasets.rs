//! Datasets: what was read from uploads, their rows, and what their columns mean.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::csv_dialect::{Dialect, Question};
use domain::dataset::{Column, Overlap, Roles, Shape};
use domain::{CustomerId, Dataset, DatasetCommand, DatasetId, StoreId, UploadId};
use projections::{DatasetFilter, DatasetRow, FrameId, Row};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::download::{DownloadFormat, Formulas, FrameFile, download};
use crate::http::extract::{Analyst, CustomerPath, DatasetPath, IfMatch, Json, Path, Query, Viewer};
use crate::http::frame_json::FrameJson;
use crate::http::frame_rows::FrameRows;
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::response::{List, Paging, Tagged, cursor, limit};
use crate::http::response_cache::cached;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_datasets))
        .routes(routes!(get_dataset))
        .routes(routes!(assign_roles))
        .routes(routes!(list_rows))
        .routes(routes!(list_rejects))
        .routes(routes!(download_rejects))
        .routes(routes!(download_dataset))
}

/// Which datasets to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DatasetsQuery {
    /// Only datasets of this store.
    store_id: Option<StoreId>,
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Which rows, and what of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowsQuery {
    /// Names of columns, separated by commas; by default all.
    columns: Option<String>,
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// In which format.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DownloadQuery {
    /// In which format; by default CSV.
    #[serde(default)]
    format: DownloadFormat,
}

/// The meaning of the columns.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRoles {
    /// By column name; a column that is not named keeps no role.
    #[schema(value_type = std::collections::BTreeMap<String, domain::dataset::ColumnRole>)]
    roles: Roles,
}

/// A dataset.
#[derive(Serialize, ToSchema)]
struct DatasetBody {
    id: DatasetId,
    upload_id: UploadId,
    store_id: StoreId,
    row_count: u64,
    rejected_row_count: u64,
    /// Rows that say the same as an earlier one in every column. They count.
    repeated_row_count: Option<u64>,
    encoding: String,
    delimiter: String,
    /// How the file is written, and how sure that is. Absent of datasets from before it was kept.
    dialect: Option<Dialect>,
    /// What the content leaves open; choose a dialect for the upload to answer.
    questions: Vec<Question>,
    /// Absent when no shoppers can be told from the columns' roles.
    shape: Option<Shape>,
    columns: Vec<Column>,
    /// Absent while the shoppers are counted, or when there are none.
    shopper_count: Option<u64>,
    /// Why there are no shoppers.
    shopper_error: Option<String>,
    /// Earlier datasets of the store with common orders, which count once, in the version of the later upload. Absent
    /// until they are compared.
    overlaps: Option<Vec<Overlap>>,
    created_at: DateTime<Utc>,
}

impl From<Row<DatasetRow>> for Tagged<DatasetBody> {
    fn from(Row { body, version, .. }: Row<DatasetRow>) -> Self {
        let (summary, shopper_error) = match body.shoppers {
            Some(Ok(summary)) => (Some(summary), None),
            Some(Err(reason)) => (None, Some(reason)),
            None => (None, None),
        };
        let body = DatasetBody {
            id: body.id,
            upload_id: body.upload_id,
            store_id: body.store_id,
            row_count: body.row_count,
            rejected_row_count: body.rejected_row_count,
            repeated_row_count: body.repeated_row_count,
            encoding: body.encoding,
            delimiter: body.delimiter,
            dialect: body.dialect,
            questions: body.questions,
            shape: body.shape,
            columns: body.columns,
            shopper_count: summary.map(|summary| summary.shopper_count),
            shopper_error,
            overlaps: body.overlaps,
            created_at: body.created_at,
        };
        Self { body, version: Some(version) }
    }
}

/// Lists the datasets, newest first.
///
/// Of all stores or one. A dataset is what was read from an upload.
#[utoipa::path(get, path = "/customers/{customer_id}/datasets", tag = "datasets", security(("bearer" = ["viewer"])),
    params(CustomerPath, DatasetsQuery),
    responses((status = 200, description = "A page of the list", body = List<DatasetBody>)))]
async fn list_datasets(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<DatasetsQuery>,
) -> Result<Response, Problem> {
    let (after, limit) = (cursor(query.cursor.as_deref())?, limit(query.limit)?);
    let filter = DatasetFilter { store_id: query.store_id };
    let list = async {
        let page = app.projections.views.datasets(viewer.customer_id, &filter, after, limit).await?;
        let mut list = List::of(page, |row| Tagged::from(row).body);
        for dataset in &mut list.items {
            keep_existing(&app, viewer.customer_id, &mut dataset.overlaps).await?;
        }
        Ok(list)
    };
    cached(&app, &viewer, list, |_| true).await
}

/// Leaves out the overlaps with datasets that are gone: deleting a dataset restores what it had replaced.
async fn keep_existing(app: &App, customer: CustomerId, overlaps: &mut Option<Vec<Overlap>>) -> Result<(), Problem> {
    let mut existing = vec![];
    for overlap in overlaps.iter().flatten() {
        let other = app.projections.views.dataset(customer, overlap.dataset_id).await?;
        existing.extend(other.filter(|other| other.body.revision == overlap.revision).map(|_| overlap.clone()));
    }
    if let Some(overlaps) = overlaps {
        *overlaps = existing;
    }
    Ok(())
}

/// Shows a dataset.
///
/// How its file is written, what its columns hold and mean, and how many shoppers it has.
#[utoipa::path(get, path = "/customers/{customer_id}/datasets/{dataset_id}", tag = "datasets",
    security(("bearer" = ["viewer"])),
    params(DatasetPath),
    responses((status = 200, description = "The dataset", body = DatasetBody)))]
async fn get_dataset(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<DatasetPath>,
) -> Result<Response, Problem> {
    let found = async {
        let mut found: Tagged<DatasetBody> = dataset(&app, viewer.customer_id, path.dataset_id).await?.into();
        keep_existing(&app, viewer.customer_id, &mut found.body.overlaps).await?;
        Ok(found)
    };
    cached(&app, &viewer, found, |_| true).await
}

/// Says what the columns mean.
///
/// The shoppers are aggregated anew, and the store's next files are read alike. Reports that were made before stay as
/// they are.
#[utoipa::path(put, path = "/customers/{customer_id}/datasets/{dataset_id}/roles", tag = "datasets",
    security(("bearer" = ["analyst"])),
    params(DatasetPath, IfMatch), request_body = NewRoles,
    responses((status = 200, description = "The dataset with the new roles", body = DatasetBody)))]
async fn assign_roles(
    State(app): State<App>,
    analyst: Analyst,
    Path(path): Path<DatasetPath>,
    seen: IfMatch,
    Json(new): Json<NewRoles>,
) -> Result<Tagged<DatasetBody>, Problem> {
    dataset(&app, analyst.customer_id, path.dataset_id).await?;
    let command = DatasetCommand::AssignColumnRoles { roles: new.roles, expected_version: seen.0 };
    app.execute::<Dataset>(path.dataset_id.0, command, &analyst.metadata()).await?;
    Ok(dataset(&app, analyst.customer_id, path.dataset_id).await?.into())
}

/// Lists rows.
///
/// As objects keyed by column name, in the order of the file.
#[utoipa::path(get, path = "/customers/{customer_id}/datasets/{dataset_id}/rows", tag = "datasets",
    security(("bearer" = ["viewer"])),
    params(DatasetPath, RowsQuery),
    responses((status = 200, description = "A page of the list", body = FrameJson)))]
async fn list_rows(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<DatasetPath>,
    Query(query): Query<RowsQuery>,
) -> Result<FrameJson, Problem> {
    let dataset = dataset(&app, viewer.customer_id, path.dataset_id).await?.body;
    let columns = query.columns.as_deref().map(|names| chosen(&dataset.columns, names)).transpose()?;
    let paging = Paging { limit: query.limit, cursor: query.cursor };
    all_rows(&dataset).page(&app.projections.frames, columns.as_deref(), &paging).await
}

/// Lists the rows that were left out.
///
/// With line, column, reason and original text.
#[utoipa::path(get, path = "/customers/{customer_id}/datasets/{dataset_id}/rejects", tag = "datasets",
    security(("bearer" = ["viewer"])),
    params(DatasetPath, Paging),
    responses((status = 200, description = "A page of the list", body = FrameJson)))]
async fn list_rejects(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<DatasetPath>,
    Query(paging): Query<Paging>,
) -> Result<FrameJson, Problem> {
    let dataset = dataset(&app, viewer.customer_id, path.dataset_id).await?.body;
    reject_rows(&app, &dataset).await?.page(&app.projections.frames, None, &paging).await
}

/// Sends the rows that were left out as a file.
///
/// With line, column, reason and original text. In CSV a text that a spreadsheet would take for a formula begins with
/// an apostrophe.
#[utoipa::path(get, path = "/customers/{customer_id}/datasets/{dataset_id}/rejects/download", tag = "datasets",
    security(("bearer" = ["viewer"])),
    params(DatasetPath, DownloadQuery),
    responses(FrameFile))]
async fn download_rejects(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<DatasetPath>,
    Query(query): Query<DownloadQuery>,
) -> Result<Response, Problem> {
    let dataset = dataset(&app, viewer.customer_id, path.dataset_id).await?.body;
    let rows = reject_rows(&app, &dataset).await?;
    // People open it in a spreadsheet; the list of rejects has the text to the letter.
    let how = (query.format, Formulas::Disarmed);
    download(app.projections.frames, rows, how, &format!("rejects-{}", dataset.id)).await
}

/// Sends all rows as a file.
///
/// Cells are as they came: a spreadsheet may take some for formulas.
#[utoipa::path(get, path = "/customers/{customer_id}/datasets/{dataset_id}/download", tag = "datasets",
    security(("bearer" = ["viewer"])),
    params(DatasetPath, DownloadQuery),
    responses(FrameFile))]
async fn download_dataset(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<DatasetPath>,
    Query(query): Query<DownloadQuery>,
) -> Result<Response, Problem> {
    let dataset = dataset(&app, viewer.customer_id, path.dataset_id).await?.body;
    let (rows, how) = (all_rows(&dataset), (query.format, Formulas::Kept));
    download(app.projections.frames, rows, how, &format!("dataset-{}", dataset.id)).await
}

fn all_rows(dataset: &DatasetRow) -> FrameRows {
    FrameRows::all(FrameId::rows(dataset.id), dataset.row_count)
}

async fn reject_rows(app: &App, dataset: &DatasetRow) -> Result<FrameRows, Problem> {
    let frame = FrameId::rejects(dataset.id);
    let count = app.projections.frames.manifest(&frame).await?.map_or(0, |manifest| manifest.rows());
    Ok(FrameRows::all(frame, count))
}

/// The indices of the named columns, in file order.
fn chosen(columns: &[Column], names: &str) -> Result<Vec<usize>, Problem> {
    let mut indices = Vec::new();
    for name in names.split(',') {
        let index = columns.iter().position(|column| column.name == name.trim());
        indices.push(index.ok_or_else(|| Problem::field("?columns", format!("there is no column '{}'", name.trim())))?);
    }
    indices.sort_unstable();
    indices.dedup();
    Ok(indices)
}

async fn dataset(app: &App, customer: CustomerId, dataset: DatasetId) -> Result<Row<DatasetRow>, Problem> {
    let row = app.projections.views.dataset(customer, dataset).await?;
    row.ok_or_else(|| NOT_FOUND.with_detail("There is no such dataset."))
}
