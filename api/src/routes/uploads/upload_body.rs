//! What a client sees of an upload.

use chrono::{DateTime, Utc};
use domain::csv_dialect::{DialectChoice, Question};
use domain::{DatasetId, StoreId, UploadId, UserId};
use projections::{Row, UploadRow, UploadStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::http::response::Tagged;

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UploadState {
    /// It waits to be read.
    Received,
    /// It is being read.
    Processing,
    /// Its dataset is there.
    Ready,
    /// It could not be read; `error` says why.
    Rejected,
    /// It was deleted.
    Deleted,
}

/// How much of an upload has been read.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProgressBody {
    bytes_done: u64,
    bytes_total: u64,
}

/// An upload.
#[derive(Serialize, ToSchema)]
pub(crate) struct UploadBody {
    id: UploadId,
    store_id: StoreId,
    filename: String,
    description: Option<String>,
    size_bytes: u64,
    /// Of the bytes after decompression, in hexadecimal.
    sha256: String,
    /// How far it is.
    pub(crate) status: UploadState,
    progress: ProgressBody,
    dataset_id: Option<DatasetId>,
    row_count: Option<u64>,
    rejected_row_count: Option<u64>,
    /// Why the file could not be read.
    error: Option<String>,
    /// What a person said about how the file is written.
    dialect: DialectChoice,
    /// What the content leaves open; choose a dialect to answer.
    questions: Vec<Question>,
    uploaded_by: UserId,
    uploaded_at: DateTime<Utc>,
}

impl UploadBody {
    /// Whether nothing of it will change by itself.
    pub(crate) fn is_settled(&self) -> bool {
        !matches!(self.status, UploadState::Received | UploadState::Processing)
    }
}

/// An upload as its row and the progress of its reading show it. What is still being read has no version.
pub(crate) async fn body(app: &App, Row { body, version, .. }: Row<UploadRow>) -> Tagged<UploadBody> {
    let total = body.size_bytes;
    let progress = match body.status {
        UploadStatus::Received => app.projections.progress.upload(body.id).await,
        _ => None,
    };
    let (status, done) = match (body.status, progress) {
        (UploadStatus::Received, Some(progress)) => (UploadState::Processing, progress.bytes_done.min(total)),
        (UploadStatus::Received, None) => (UploadState::Received, 0),
        (UploadStatus::Ready, _) => (UploadState::Ready, total),
        (UploadStatus::Rejected, _) => (UploadState::Rejected, total),
        (UploadStatus::Deleted, _) => (UploadState::Deleted, total),
    };
    let version = (body.status != UploadStatus::Received).then_some(version);
    let body = UploadBody {
        id: body.id,
        store_id: body.store_id,
        filename: body.filename,
        description: body.description,
        size_bytes: total,
        sha256: body.sha256,
        status,
        progress: ProgressBody { bytes_done: done, bytes_total: total },
        dataset_id: body.dataset_id,
        row_count: body.row_count,
        rejected_row_count: body.rejected_row_count,
        error: body.error,
        dialect: body.dialect,
        questions: body.questions,
        uploaded_by: body.uploaded_by,
        uploaded_at: body.uploaded_at,
    };
    Tagged { body, version }
}
