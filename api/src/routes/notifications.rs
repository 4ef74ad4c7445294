//! What a member is told: uploads that were read and reports that are there.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::{DatasetId, Notification, NotificationCommand, ReportId, UploadId};
use projections::{NotificationContent, NotificationKind, NotificationRow, Row, Subject};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::App;
use crate::http::extract::{CustomerPath, NotificationPath, Path, Query, Viewer};
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::response::{List, cursor, limit};

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_notifications)).routes(routes!(read_notification))
}

/// Which notifications to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NotificationsQuery {
    /// Only those that were not read.
    #[serde(default)]
    unread: bool,
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// What a member is told.
#[derive(Serialize, ToSchema)]
struct NotificationBody {
    /// That of the upload or the report.
    id: Uuid,
    kind: NotificationKind,
    /// In a few words.
    title: String,
    /// In some sentences.
    text: String,
    upload_id: Option<UploadId>,
    /// The dataset that was made of the upload.
    dataset_id: Option<DatasetId>,
    report_id: Option<ReportId>,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
}

impl NotificationBody {
    fn of(about: &Subject, content: NotificationContent) -> Self {
        let (id, upload_id, report_id) = match about {
            Subject::Upload { id, .. } => (id.0, Some(*id), None),
            Subject::Report { id } => (id.0, None, Some(*id)),
        };
        let NotificationContent { kind, title, text, dataset_id, told_at, read_at, .. } = content;
        Self { id, kind, title, text, upload_id, dataset_id, report_id, created_at: told_at, read_at }
    }
}

/// Lists what the caller is told, newest first.
///
/// What became of the files that the caller uploaded and of the reports that the caller asked for.
#[utoipa::path(get, path = "/customers/{customer_id}/notifications", tag = "notifications",
    security(("bearer" = ["viewer"])),
    params(CustomerPath, NotificationsQuery),
    responses((status = 200, description = "A page of the list", body = List<NotificationBody>)))]
async fn list_notifications(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<NotificationsQuery>,
) -> Result<List<NotificationBody>, Problem> {
    let (limit, after) = (limit(query.limit)?, cursor(query.cursor.as_deref())?);
    let (customer, user) = (viewer.customer_id, viewer.user_id);
    let page = app.projections.views.notifications(customer, user, query.unread, after, limit).await?;
    let body = |row: Row<NotificationRow>| Some(NotificationBody::of(&row.body.about, row.body.content?));
    let List { items, next } = List::of(page, body);
    Ok(List { items: items.into_iter().flatten().collect(), next })
}

/// Notes that the caller has seen a notification.
///
/// It is unread again once there is more to say about the same upload.
#[utoipa::path(post, path = "/customers/{customer_id}/notifications/{notification_id}/read", tag = "notifications",
    security(("bearer" = ["viewer"])),
    params(NotificationPath),
    responses((status = 204, description = "It is read")))]
async fn read_notification(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<NotificationPath>,
) -> Result<StatusCode, Problem> {
    let row = app.projections.views.notification(viewer.customer_id, path.notification_id).await?;
    let own = row.map(|row| row.body).filter(|told| told.user_id == viewer.user_id);
    let nothing = || NOT_FOUND.with_detail("There is no such notification.");
    let outcome = own.and_then(|told| told.content).ok_or_else(nothing)?.outcome;
    let command = NotificationCommand::MarkRead { outcome };
    app.execute::<Notification>(path.notification_id, command, &viewer.metadata()).await?;
    Ok(StatusCode::NO_CONTENT)
}
