//! Members: which users may do what for a customer.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{Customer, CustomerCommand, CustomerId, MemberRole, User, UserId};
use projections::MemberRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Created, List, Paging, Tagged, cursor, limit};
use crate::app::App;
use crate::extract::{IdempotencyKey, IfMatch, Json, MemberPath, Owner, Path, Query, Viewer};
use crate::problem::{NOT_FOUND, Problem};

/// The endpoints of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(add_member, list_members)).routes(routes!(change_member, remove_member))
}

/// A user to add.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMember {
    /// The address of someone who has signed up.
    email: String,
    role: MemberRole,
}

/// A change to a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberPatch {
    role: MemberRole,
}

/// A member of a customer.
#[derive(Serialize, ToSchema)]
struct MemberBody {
    user_id: UserId,
    /// Absent when the user's personal data was erased.
    email: Option<String>,
    /// Absent when the user's personal data was erased.
    name: Option<String>,
    role: MemberRole,
}

/// Adds a user who has signed up.
#[utoipa::path(post, path = "/customers/{customer_id}/members", tag = "members",
    params(("customer_id" = CustomerId, Path)), request_body = NewMember,
    responses((status = 201, body = MemberBody)))]
async fn add_member(
    State(app): State<App>,
    owner: Owner,
    key: IdempotencyKey,
    Json(new): Json<NewMember>,
) -> Result<Created<MemberBody>, Problem> {
    let user_id = app.commands.secrets.user_id(&new.email);
    let add = async {
        if app.commands.store.load::<User>(user_id.0).await?.aggregate.registration().is_none() {
            return Err(Problem::field("/email", "nobody has signed up with this address yet"));
        }
        let command = CustomerCommand::AddMember { user_id, role: new.role };
        app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
        member(&app, owner.customer_id, user_id).await
    };
    let resource = app.once(Some(owner.user_id), key.0.as_deref(), &(owner.customer_id, "members", &new), add).await?;
    Ok(Created { location: format!("/api/v1/customers/{}/members/{user_id}", owner.customer_id), resource })
}

/// Lists the members.
#[utoipa::path(get, path = "/customers/{customer_id}/members", tag = "members",
    params(("customer_id" = CustomerId, Path), Paging), responses((status = 200, body = List<MemberBody>)))]
async fn list_members(
    State(app): State<App>,
    viewer: Viewer,
    Query(paging): Query<Paging>,
) -> Result<List<MemberBody>, Problem> {
    let (after, limit) = (cursor(paging.cursor.as_deref())?, limit(paging.limit)?);
    let page = app.projections.views.members(viewer.customer_id, after, limit).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        items.push(opened(&app, row.body).await?);
    }
    Ok(List { items, next: page.next.map(crate::answer::encode_cursor) })
}

/// Changes what a member may do.
#[utoipa::path(patch, path = "/customers/{customer_id}/members/{user_id}", tag = "members", params(MemberPath),
    request_body = MemberPatch, responses((status = 200, body = MemberBody)))]
async fn change_member(
    State(app): State<App>,
    owner: Owner,
    Path(path): Path<MemberPath>,
    seen: IfMatch,
    Json(patch): Json<MemberPatch>,
) -> Result<Tagged<MemberBody>, Problem> {
    let (user_id, role) = (path.user_id, patch.role);
    let command = CustomerCommand::ChangeMemberRole { user_id, role, expected_version: seen.0 };
    app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
    member(&app, owner.customer_id, user_id).await
}

/// Removes a member; owners remove anyone, everyone may leave.
#[utoipa::path(delete, path = "/customers/{customer_id}/members/{user_id}", tag = "members", params(MemberPath),
    responses((status = 204)))]
async fn remove_member(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<MemberPath>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    if viewer.role != MemberRole::Owner && viewer.user_id != path.user_id {
        return Err(crate::problem::FORBIDDEN.because("Only an owner removes someone else."));
    }
    let command = CustomerCommand::RemoveMember { user_id: path.user_id, expected_version: seen.0 };
    app.execute::<Customer>(viewer.customer_id.0, command, &viewer.metadata()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn member(app: &App, customer: CustomerId, user: UserId) -> Result<Tagged<MemberBody>, Problem> {
    let row = app.projections.views.member(customer, user).await?;
    let row = row.ok_or_else(|| NOT_FOUND.because("There is no such member."))?;
    Ok(Tagged { version: Some(row.version), body: opened(app, row.body).await? })
}

async fn opened(app: &App, MemberRow { user_id, role, .. }: MemberRow) -> Result<MemberBody, Problem> {
    let Some(user) = app.projections.views.user(user_id).await? else {
        return Ok(MemberBody { user_id, email: None, name: None, role });
    };
    let email = app.commands.personal.open(&user.body.email).await?;
    let name = app.commands.personal.open(&user.body.name).await?;
    Ok(MemberBody { user_id, email, name, role })
}
