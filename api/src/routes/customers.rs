//! Customers: the companies that are our clients.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::customer::{CustomerChanges, CustomerDetails};
use domain::{Customer, CustomerCommand, CustomerId, MemberRole, Patch};
use projections::{CustomerRow, Row};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{CustomerPath, IdempotencyKey, IfMatch, Json, Owner, Query, SignedIn, Viewer, given};
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::response::{Created, List, Paging, Tagged, cursor, limit};

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(register_customer, list_customers)).routes(routes!(
        get_customer,
        change_customer,
        close_customer
    ))
}

/// A customer to register.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCustomer {
    name: String,
    description: Option<String>,
}

/// A change to a customer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CustomerPatch {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

/// A customer as the user who asks sees it.
#[derive(Serialize, ToSchema)]
struct CustomerBody {
    id: CustomerId,
    name: String,
    description: Option<String>,
    /// What the user may do.
    role: MemberRole,
    created_at: DateTime<Utc>,
}

impl CustomerBody {
    fn of(row: CustomerRow, role: MemberRole) -> Self {
        let CustomerRow { id, name, description, created_at } = row;
        Self { id, name, description, role, created_at }
    }
}

/// Registers a customer.
///
/// A customer is a company with its stores, its files and the people who work with them. The user becomes its owner.
#[utoipa::path(post, path = "/customers", tag = "customers", security(("bearer" = ["user"])),
    params(IdempotencyKey), request_body = NewCustomer,
    responses((status = 201, description = "The new customer", body = CustomerBody)))]
async fn register_customer(
    State(app): State<App>,
    user: SignedIn,
    key: IdempotencyKey,
    Json(new): Json<NewCustomer>,
) -> Result<Created<CustomerBody>, Problem> {
    let id = key.id(|key| CustomerId::of_key(user.user_id, key));
    let register = async {
        let details = CustomerDetails { name: new.name.clone(), description: new.description.clone() };
        let command = CustomerCommand::RegisterCustomer { details, owner: user.user_id };
        app.execute::<Customer>(id.0, command, &user.metadata(Some(id))).await?;
        customer(&app, id, MemberRole::Owner).await
    };
    let resource = app.idempotent(Some(user.user_id), key.0.as_deref(), &("customers", &new), register).await?;
    Ok(Created { location: format!("/api/v1/customers/{id}"), resource })
}

/// Lists the customers that the user is a member of.
///
/// Each with the user's role.
#[utoipa::path(get, path = "/customers", tag = "customers", security(("bearer" = ["user"])),
    params(Paging),
    responses((status = 200, description = "A page of the list", body = List<CustomerBody>)))]
async fn list_customers(
    State(app): State<App>,
    user: SignedIn,
    Query(paging): Query<Paging>,
) -> Result<List<CustomerBody>, Problem> {
    let (after, limit) = (cursor(paging.cursor.as_deref())?, limit(paging.limit)?);
    let page = app.projections.views.customers_of(user.user_id, after, limit).await?;
    Ok(List::of(page, |(row, role)| CustomerBody::of(row.body, role)))
}

/// Shows a customer.
///
/// With the role of who asks.
#[utoipa::path(get, path = "/customers/{customer_id}", tag = "customers", security(("bearer" = ["viewer"])),
    params(CustomerPath),
    responses((status = 200, description = "The customer", body = CustomerBody)))]
async fn get_customer(State(app): State<App>, viewer: Viewer) -> Result<Tagged<CustomerBody>, Problem> {
    customer(&app, viewer.customer_id, viewer.role).await
}

/// Changes name or description.
///
/// What is left out stays as it is; `null` removes the description.
#[utoipa::path(patch, path = "/customers/{customer_id}", tag = "customers", security(("bearer" = ["owner"])),
    params(CustomerPath, IfMatch), request_body = CustomerPatch,
    responses((status = 200, description = "The customer after the change", body = CustomerBody)))]
async fn change_customer(
    State(app): State<App>,
    owner: Owner,
    seen: IfMatch,
    Json(patch): Json<CustomerPatch>,
) -> Result<Tagged<CustomerBody>, Problem> {
    let changes = CustomerChanges { name: patch.name, description: patch.description };
    let command = CustomerCommand::ChangeCustomerDetails { changes, expected_version: seen.0 };
    app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
    customer(&app, owner.customer_id, owner.role).await
}

/// Ends a customer.
///
/// With everything that belongs to it. It cannot be undone.
#[utoipa::path(delete, path = "/customers/{customer_id}", tag = "customers", security(("bearer" = ["owner"])),
    params(CustomerPath, IfMatch),
    responses((status = 204, description = "The customer is gone")))]
async fn close_customer(State(app): State<App>, owner: Owner, seen: IfMatch) -> Result<StatusCode, Problem> {
    let command = CustomerCommand::CloseCustomer { expected_version: seen.0 };
    app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The customer as somebody with a role sees it.
async fn customer(app: &App, id: CustomerId, role: MemberRole) -> Result<Tagged<CustomerBody>, Problem> {
    let row = app.projections.views.customer(id).await?;
    let Row { body, version, .. } = row.ok_or_else(|| NOT_FOUND.with_detail("There is no such customer."))?;
    Ok(Tagged { body: CustomerBody::of(body, role), version: Some(version) })
}
