//! Uploads: files come in once, streamed to their place while they are hashed.

mod receive;
mod upload_body;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use commands::Received;
use domain::csv_dialect::DialectChoice;
use domain::upload::StoredFile;
use domain::{Customer, CustomerId, StoreId, Upload, UploadCommand, UploadEvent, UploadId};
use projections::{Row, UploadFilter, UploadRow, UploadStatus};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{
    Analyst, CustomerPath, IdempotencyKey, IfMatch, Json, Path, Prefer, Query, StorePath, UploadPath, Viewer,
};
use crate::http::problem::{DUPLICATE_UPLOAD, NOT_FOUND, Problem};
use crate::http::response::{Accepted, List, cursor, limit};
use crate::http::response_cache::cached;
use crate::http::wait::wait_until;

use receive::{FileQuery, IncomingFile};
use upload_body::{UploadBody, UploadState, body};

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    // Uploads are limited while they stream, by the configured size.
    let streamed = OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(streamed)
        .routes(routes!(list_uploads))
        .routes(routes!(get_upload, delete_upload))
        .routes(routes!(get_file))
        .routes(routes!(choose_dialect))
}

/// Which uploads to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UploadsQuery {
    /// Only uploads of this store.
    store_id: Option<StoreId>,
    /// Only uploads in this state; deleted ones are shown only when asked for.
    status: Option<UploadState>,
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The parts of a multipart upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form, nothing reads it")]
struct UploadForm {
    /// The CSV file.
    #[schema(format = Binary, content_media_type = "text/csv")]
    file: String,
    /// What the file is.
    description: Option<String>,
}

/// Uploads a file of purchases.
///
/// A multipart form with a part `file`, or the bytes themselves as `text/csv`, in both cases compressed when
/// `Content-Encoding` says so (`gzip` or `zstd`) and checked when there is a `Content-Digest` (RFC 9530). The answer
/// comes once the bytes are stored; they are read afterwards, into a dataset. The same bytes again answer 409
/// `/problems/duplicate-upload` with the `upload_id` of the first ones, more than the limit 413, what is not text 415.
#[utoipa::path(post, path = "/customers/{customer_id}/stores/{store_id}/uploads", tag = "uploads",
    security(("bearer" = ["analyst"])),
    params(StorePath, FileQuery, IdempotencyKey, Prefer),
    request_body(content((UploadForm = "multipart/form-data"), (String = "text/csv"))),
    responses((status = 202, description = "The file is stored, and will be read", body = UploadBody),
        (status = 200, description = "It was read (or rejected) within `Prefer: wait`", body = UploadBody)))]
async fn upload(
    State(app): State<App>,
    analyst: Analyst,
    Path(path): Path<StorePath>,
    Query(query): Query<FileQuery>,
    key: IdempotencyKey,
    prefer: Prefer,
    request: Request,
) -> Result<Accepted<UploadBody>, Problem> {
    app.limits.upload(analyst.user_id)?;
    let customer = app.commands.store.load::<Customer>(analyst.customer_id.0).await?.aggregate;
    if !customer.has_store(path.store_id) {
        return Err(NOT_FOUND.with_detail("There is no such store."));
    }
    let incoming = receive::receive(&app, analyst.customer_id, query, request).await?;
    let sha256 = hexadecimal(&incoming.received.sha256);
    let fingerprint = (path.store_id, "uploads", &sha256);
    let take = take(&app, &analyst, path.store_id, &key, incoming);
    let upload_id = app.idempotent(Some(analyst.user_id), key.0.as_deref(), &fingerprint, take).await?;
    let row = waited(&app, analyst.customer_id, upload_id, &prefer).await?;
    let location = format!("/api/v1/customers/{}/uploads/{upload_id}", analyst.customer_id);
    let done = prefer.wait.is_some() && is_settled(&row);
    Ok(Accepted { location, resource: body(&app, row).await, done })
}

/// Decides what the received bytes are: new, a repetition of the same request, or a duplicate. Bytes that no
/// event names are removed.
async fn take(
    app: &App,
    analyst: &Analyst,
    store_id: StoreId,
    key: &IdempotencyKey,
    IncomingFile { received, filename, description }: IncomingFile,
) -> Result<UploadId, Problem> {
    let Received { sha256, size_bytes, location } = received;
    let upload_id = UploadId::of_content(analyst.customer_id, &sha256);
    let request = key.0.as_deref().map(|key| app.commands.service_keys.request_tag(&analyst.user_id.to_string(), key));
    let command = UploadCommand::UploadFile(StoredFile {
        customer_id: analyst.customer_id,
        store_id,
        filename,
        description,
        size_bytes,
        sha256: hexadecimal(&sha256),
        location: location.clone(),
        uploaded_by: analyst.user_id,
        request,
    });
    let decided = app.execute::<Upload>(upload_id.0, command, &analyst.metadata()).await;
    // A server error may hide a commit: the file must stay, an orphan does no harm.
    let refused = decided.as_ref().is_err_and(Problem::is_refusal);
    let unused =
        decided.as_ref().is_ok_and(|done| done.aggregate.stored().is_none_or(|file| file.location != location));
    if refused || unused {
        app.commands.files.delete(&location).await?;
    }
    match decided?.events.first() {
        Some(UploadEvent::DuplicateRejected { .. }) => Err(duplicate(app, upload_id).await?),
        _ => Ok(upload_id),
    }
}

async fn duplicate(app: &App, upload_id: UploadId) -> Result<Problem, Problem> {
    let version = app.commands.store.load::<Upload>(upload_id.0).await?.version;
    let position = app.commands.store.position_of("Upload", upload_id.0, version).await?;
    let problem = DUPLICATE_UPLOAD.with_detail("The same bytes were uploaded before.");
    Ok(problem.with("upload_id", upload_id.to_string()).with("position", position))
}

/// Lists the uploads, newest first.
///
/// Of all stores or one. Deleted ones are shown only when asked for.
#[utoipa::path(get, path = "/customers/{customer_id}/uploads", tag = "uploads", security(("bearer" = ["viewer"])),
    params(CustomerPath, UploadsQuery),
    responses((status = 200, description = "A page of the list", body = List<UploadBody>)))]
async fn list_uploads(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<UploadsQuery>,
) -> Result<Response, Problem> {
    // Progress is not said by the views.
    let lasts = |list: &List<UploadBody>| list.items.iter().all(UploadBody::is_settled);
    cached(&app, &viewer, upload_list(&app, viewer.customer_id, &query), lasts).await
}

async fn upload_list(app: &App, customer: CustomerId, query: &UploadsQuery) -> Result<List<UploadBody>, Problem> {
    let (after, limit) = (cursor(query.cursor.as_deref())?, limit(query.limit)?);
    let status = query.status.map(|status| match status {
        UploadState::Received | UploadState::Processing => UploadStatus::Received,
        UploadState::Ready => UploadStatus::Ready,
        UploadState::Rejected => UploadStatus::Rejected,
        UploadState::Deleted => UploadStatus::Deleted,
    });
    let filter = UploadFilter { store_id: query.store_id, status };
    let page = app.projections.views.uploads(customer, &filter, after, limit).await?;
    let next = page.next.map(crate::http::response::encode_cursor);
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        items.push(body(app, row).await.body);
    }
    // Whether work has begun is no fact of the log, so the two states share one list of rows.
    if let Some(asked) = query.status {
        items.retain(|upload| upload.status == asked);
    }
    Ok(List { items, next })
}

/// Shows an upload.
///
/// How far it is, and the dataset that was made of it. With `Prefer: wait` the answer comes once it is ready or
/// rejected.
#[utoipa::path(get, path = "/customers/{customer_id}/uploads/{upload_id}", tag = "uploads",
    security(("bearer" = ["viewer"])),
    params(UploadPath, Prefer),
    responses((status = 200, description = "The upload", body = UploadBody)))]
async fn get_upload(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<UploadPath>,
    prefer: Prefer,
) -> Result<Response, Problem> {
    let upload = async {
        let row = waited(&app, viewer.customer_id, path.upload_id, &prefer).await?;
        Ok(body(&app, row).await)
    };
    cached(&app, &viewer, upload, |upload| upload.body.is_settled()).await
}

/// Sends the original bytes.
///
/// The file as it was uploaded, after decompression.
#[utoipa::path(get, path = "/customers/{customer_id}/uploads/{upload_id}/file", tag = "uploads",
    security(("bearer" = ["viewer"])),
    params(UploadPath),
    responses((status = 200, description = "The bytes of the file", body = String, content_type = "text/csv")))]
async fn get_file(State(app): State<App>, viewer: Viewer, Path(path): Path<UploadPath>) -> Result<Response, Problem> {
    let row = upload_row(&app, viewer.customer_id, path.upload_id).await?.body;
    if row.status == UploadStatus::Deleted {
        return Err(NOT_FOUND.with_detail("The upload was deleted."));
    }
    let (size, bytes) = app.commands.files.stream(&row.location).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv".to_owned()),
        (CONTENT_LENGTH, size.to_string()),
        (CONTENT_DISPOSITION, crate::http::download::attachment(&row.filename)),
        (ETAG, format!("\"{}\"", row.sha256)),
    ];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)));
    Ok((HeaderMap::from_iter(headers), Body::from_stream(bytes)).into_response())
}

/// Says how the file is written.
///
/// What is absent is found out again. The file is read anew into another dataset, which replaces the one before. The
/// same choice again changes nothing.
#[utoipa::path(put, path = "/customers/{customer_id}/uploads/{upload_id}/dialect", tag = "uploads",
    security(("bearer" = ["analyst"])),
    params(UploadPath, IfMatch, Prefer), request_body = DialectChoice,
    responses((status = 202, description = "The file will be read anew", body = UploadBody),
        (status = 200, description = "The file has been read as it was said", body = UploadBody)))]
async fn choose_dialect(
    State(app): State<App>,
    analyst: Analyst,
    Path(path): Path<UploadPath>,
    seen: IfMatch,
    prefer: Prefer,
    Json(dialect): Json<DialectChoice>,
) -> Result<Accepted<UploadBody>, Problem> {
    let row = upload_row(&app, analyst.customer_id, path.upload_id).await?;
    seen.check(row.version)?;
    let dialect = known_encoding(dialect)?;
    let command = UploadCommand::ChooseDialect { dialect, chosen_by: analyst.user_id };
    app.execute::<Upload>(path.upload_id.0, command, &analyst.metadata()).await?;
    let row = waited(&app, analyst.customer_id, path.upload_id, &prefer).await?;
    let location = format!("/api/v1/customers/{}/uploads/{}", analyst.customer_id, path.upload_id);
    let done = is_settled(&row);
    Ok(Accepted { location, resource: body(&app, row).await, done })
}

/// The choice with the standard's name of the encoding.
fn known_encoding(choice: DialectChoice) -> Result<DialectChoice, Problem> {
    let name = |label: String| {
        let name = processors::csv::encoding_name(&label);
        name.ok_or_else(|| Problem::field("/encoding", format!("'{label}' is not the name of a text encoding")))
    };
    Ok(DialectChoice { encoding: choice.encoding.map(name).transpose()?.map(str::to_owned), ..choice })
}

/// Deletes an upload.
///
/// Its dataset and its file go with it. The same bytes may come again.
#[utoipa::path(delete, path = "/customers/{customer_id}/uploads/{upload_id}", tag = "uploads",
    security(("bearer" = ["analyst"])),
    params(UploadPath, IfMatch),
    responses((status = 204, description = "The upload is deleted")))]
async fn delete_upload(
    State(app): State<App>,
    analyst: Analyst,
    Path(path): Path<UploadPath>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    let row = upload_row(&app, analyst.customer_id, path.upload_id).await?;
    seen.check(row.version)?;
    app.execute::<Upload>(path.upload_id.0, UploadCommand::DeleteUpload, &analyst.metadata()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn upload_row(app: &App, customer: CustomerId, upload: UploadId) -> Result<Row<UploadRow>, Problem> {
    let row = app.projections.views.upload(customer, upload).await?;
    row.ok_or_else(|| NOT_FOUND.with_detail("There is no such upload."))
}

/// The row, after waiting for the end result as long as the caller prefers.
async fn waited(app: &App, customer: CustomerId, upload: UploadId, prefer: &Prefer) -> Result<Row<UploadRow>, Problem> {
    wait_until(app, prefer.wait, || upload_row(app, customer, upload), is_settled).await
}

fn is_settled(row: &Row<UploadRow>) -> bool {
    row.body.status != UploadStatus::Received
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
