//! Members: which users may do what for a customer.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{Actor, Customer, CustomerCommand, CustomerId, Encrypted, MemberRole, User, UserId};
use projections::MemberRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{CustomerPath, IdempotencyKey, IfMatch, Json, MemberPath, Owner, Path, Query, Viewer};
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::response::{Created, List, Paging, Tagged, cursor, limit};
use crate::routes::users::checked_email;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(add_member, list_members)).routes(routes!(change_member, remove_member))
}

/// A user to add.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMember {
    /// The address of someone who has signed up, or who will.
    #[schema(format = "email", max_length = 254)]
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
    /// Absent when the user's personal data was erased, and until an invited person signs up.
    name: Option<String>,
    role: MemberRole,
    status: MemberStatus,
}

/// Whether a member has signed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MemberStatus {
    /// Has signed up.
    Active,
    /// Becomes active by signing up with the address.
    Invited,
}

/// Adds a member.
///
/// Somebody who has not signed up yet is invited, and may see the customer from signing up on. Until then the role is
/// `viewer` or `analyst`, because addresses are not verified. Who is a member already answers 409.
#[utoipa::path(post, path = "/customers/{customer_id}/members", tag = "members", security(("bearer" = ["owner"])),
    params(CustomerPath, IdempotencyKey), request_body = NewMember,
    responses((status = 201, description = "The new member", body = MemberBody)))]
async fn add_member(
    State(app): State<App>,
    owner: Owner,
    key: IdempotencyKey,
    Json(new): Json<NewMember>,
) -> Result<Created<MemberBody>, Problem> {
    let email = checked_email(&new.email)?;
    let user_id = app.commands.service_keys.user_id(&email);
    let add = async {
        let invitation =
            if has_signed_up(&app, user_id).await? { None } else { Some(invite(&app, &email, new.role).await?) };
        let key_id = invitation.as_ref().map(|email| email.key_id);
        let command = CustomerCommand::AddMember { user_id, role: new.role, email: invitation };
        let added = app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await;
        if let (Some(key_id), false) = (key_id, added.as_ref().is_ok_and(|added| !added.events.is_empty())) {
            // No event names the key: somebody had added the member before.
            app.commands.subject_keys.destroy(key_id).await?;
        }
        added?;
        member(&app, owner.customer_id, user_id).await
    };
    let resource =
        app.idempotent(Some(owner.user_id), key.0.as_deref(), &(owner.customer_id, "members", &new), add).await?;
    Ok(Created { location: format!("/api/v1/customers/{}/members/{user_id}", owner.customer_id), resource })
}

/// Lists the members.
///
/// With their roles, and whether they have signed up.
#[utoipa::path(get, path = "/customers/{customer_id}/members", tag = "members", security(("bearer" = ["viewer"])),
    params(CustomerPath, Paging),
    responses((status = 200, description = "A page of the list", body = List<MemberBody>)))]
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
    Ok(List { items, next: page.next.map(crate::http::response::encode_cursor) })
}

/// Changes what a member may do.
///
/// A customer keeps an owner: another role for the last one answers 409 `/problems/last-owner`.
#[utoipa::path(patch, path = "/customers/{customer_id}/members/{user_id}", tag = "members",
    security(("bearer" = ["owner"])),
    params(MemberPath, IfMatch), request_body = MemberPatch,
    responses((status = 200, description = "The member after the change", body = MemberBody)))]
async fn change_member(
    State(app): State<App>,
    owner: Owner,
    Path(path): Path<MemberPath>,
    seen: IfMatch,
    Json(patch): Json<MemberPatch>,
) -> Result<Tagged<MemberBody>, Problem> {
    let (user_id, role) = (path.user_id, patch.role);
    if role == MemberRole::Owner && !has_signed_up(&app, user_id).await? {
        return Err(owners_have_signed_up());
    }
    let command = CustomerCommand::ChangeMemberRole { user_id, role, expected_version: seen.0 };
    app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
    member(&app, owner.customer_id, user_id).await
}

/// Removes a member.
///
/// Owners remove anyone, and every member may leave, whatever the role. The last owner cannot: 409
/// `/problems/last-owner`.
#[utoipa::path(delete, path = "/customers/{customer_id}/members/{user_id}", tag = "members",
    security(("bearer" = ["owner"])),
    params(MemberPath, IfMatch),
    responses((status = 204, description = "Is no member any more")))]
async fn remove_member(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<MemberPath>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    if viewer.role != MemberRole::Owner && viewer.actor != Actor::User(path.user_id) {
        return Err(crate::http::problem::FORBIDDEN.with_detail("Only an owner removes someone else."));
    }
    let command = CustomerCommand::RemoveMember { user_id: path.user_id, expected_version: seen.0 };
    app.execute::<Customer>(viewer.customer_id.0, command, &viewer.metadata()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn member(app: &App, customer: CustomerId, user: UserId) -> Result<Tagged<MemberBody>, Problem> {
    let row = app.projections.views.member(customer, user).await?;
    let row = row.ok_or_else(|| NOT_FOUND.with_detail("There is no such member."))?;
    Ok(Tagged { version: Some(row.version), body: opened(app, row.body).await? })
}

async fn opened(app: &App, MemberRow { user_id, role, email, .. }: MemberRow) -> Result<MemberBody, Problem> {
    let subject_keys = &app.commands.subject_keys;
    let Some(user) = app.projections.views.user(user_id).await? else {
        let email = match email {
            Some(email) => subject_keys.decrypt(&email).await?,
            None => None,
        };
        return Ok(MemberBody { user_id, email, name: None, role, status: MemberStatus::Invited });
    };
    let (email, name) = (subject_keys.decrypt(&user.body.email).await?, subject_keys.decrypt(&user.body.name).await?);
    Ok(MemberBody { user_id, email, name, role, status: MemberStatus::Active })
}

async fn has_signed_up(app: &App, user: UserId) -> Result<bool, Problem> {
    Ok(app.commands.store.load::<User>(user.0).await?.aggregate.registration().is_some())
}

/// The sealed address of someone who has not signed up. Addresses are not verified, so whoever signs up with it first is the
/// member: too much for an owner.
async fn invite(app: &App, email: &str, role: MemberRole) -> Result<Encrypted, Problem> {
    if role == MemberRole::Owner {
        return Err(owners_have_signed_up());
    }
    let key = app.commands.subject_keys.create().await?;
    Ok(app.commands.subject_keys.encrypt(&key, email))
}

fn owners_have_signed_up() -> Problem {
    let detail = "must be viewer or analyst until the person has signed up; change the role when the name is there";
    Problem::field("/role", detail)
}
