//! API keys: what lets a program act for a customer, with one role and nowhere else.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::AppendHeaders;
use chrono::{DateTime, Utc};
use domain::customer::ApiKeyDetails;
use domain::{ApiKeyId, Customer, CustomerCommand, CustomerId, MemberRole, UserId};
use projections::ApiKeyRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{ApiKeyPath, CustomerPath, IdempotencyKey, Json, Owner, Path, Query};
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::response::{Created, List, Paging, Tagged, cursor, limit};

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_api_key, list_api_keys)).routes(routes!(get_api_key, revoke_api_key))
}

/// A key to create.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewApiKey {
    /// What it is for, such as the program that will have it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    role: MemberRole,
}

/// A key of a customer.
#[derive(Serialize, ToSchema)]
struct ApiKeyBody {
    id: ApiKeyId,
    name: String,
    /// What a program may do with it.
    role: MemberRole,
    created_by: UserId,
    created_at: DateTime<Utc>,
    /// To the minute; absent while it was not used.
    last_used_at: Option<DateTime<Utc>>,
}

/// A key with its secret, which is told this once.
#[derive(Serialize, ToSchema)]
struct NewApiKeyBody {
    #[serde(flatten)]
    key: ApiKeyBody,
    /// Send it as `Authorization: Bearer …`. It is stored as a hash only and cannot be shown again.
    token: String,
}

impl ApiKeyBody {
    fn of(row: ApiKeyRow, uses: &HashMap<ApiKeyId, DateTime<Utc>>) -> Self {
        let ApiKeyRow { id, name, role, created_by, created_at } = row;
        Self { id, name, role, created_by, created_at, last_used_at: uses.get(&id).copied() }
    }
}

/// Creates an API key.
///
/// It lets a program act for this customer, with the role of the key. Its secret is told this once. A repetition under
/// one `Idempotency-Key` gives the same key a new secret, because the first is not kept. More keys than a customer may
/// have answer 409.
#[utoipa::path(post, path = "/customers/{customer_id}/api-keys", tag = "api keys", security(("bearer" = ["owner"])),
    params(CustomerPath, IdempotencyKey), request_body = NewApiKey,
    responses((status = 201, description = "The key with its secret", body = NewApiKeyBody)))]
async fn create_api_key(
    State(app): State<App>,
    owner: Owner,
    key: IdempotencyKey,
    Json(new): Json<NewApiKey>,
) -> Result<(AppendHeaders<[(axum::http::HeaderName, &'static str); 1]>, Created<NewApiKeyBody>), Problem> {
    let key_id = key.id(|key| ApiKeyId::of_key(owner.customer_id, owner.user_id, key));
    let create = async {
        let details = ApiKeyDetails { name: new.name.clone(), role: new.role };
        let command = CustomerCommand::CreateApiKey { key_id, details, created_by: owner.user_id };
        app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
        let Tagged { body, version } = api_key(&app, owner.customer_id, key_id).await?;
        let token = app.commands.api_keys.issue(key_id, owner.customer_id).await?;
        Ok(Tagged { body: NewApiKeyBody { key: body, token }, version })
    };
    let made_of = (owner.customer_id, "api-keys", &new);
    let resource = app.idempotent(Some(owner.user_id), key.0.as_deref(), &made_of, create).await?;
    let location = format!("/api/v1/customers/{}/api-keys/{key_id}", owner.customer_id);
    Ok((AppendHeaders([(CACHE_CONTROL, "no-store")]), Created { location, resource }))
}

/// Lists the keys that are not revoked.
///
/// Without their secrets.
#[utoipa::path(get, path = "/customers/{customer_id}/api-keys", tag = "api keys", security(("bearer" = ["owner"])),
    params(CustomerPath, Paging),
    responses((status = 200, description = "A page of the list", body = List<ApiKeyBody>)))]
async fn list_api_keys(
    State(app): State<App>,
    owner: Owner,
    Query(paging): Query<Paging>,
) -> Result<List<ApiKeyBody>, Problem> {
    let (after, limit) = (cursor(paging.cursor.as_deref())?, limit(paging.limit)?);
    let page = app.projections.views.api_keys(owner.customer_id, after, limit).await?;
    let uses = app.commands.api_keys.last_uses(owner.customer_id).await?;
    Ok(List::of(page, |row| ApiKeyBody::of(row.body, &uses)))
}

/// Shows a key.
///
/// Without its secret.
#[utoipa::path(get, path = "/customers/{customer_id}/api-keys/{key_id}", tag = "api keys",
    security(("bearer" = ["owner"])),
    params(ApiKeyPath),
    responses((status = 200, description = "The key", body = ApiKeyBody)))]
async fn get_api_key(
    State(app): State<App>,
    owner: Owner,
    Path(path): Path<ApiKeyPath>,
) -> Result<Tagged<ApiKeyBody>, Problem> {
    // Its last use changes without an event, so that it has no version to go by.
    Ok(Tagged { version: None, ..api_key(&app, owner.customer_id, path.key_id).await? })
}

/// Revokes a key.
///
/// It is worth nothing from now on, and does not come back.
#[utoipa::path(delete, path = "/customers/{customer_id}/api-keys/{key_id}", tag = "api keys",
    security(("bearer" = ["owner"])),
    params(ApiKeyPath),
    responses((status = 204, description = "The key is revoked")))]
async fn revoke_api_key(
    State(app): State<App>,
    owner: Owner,
    Path(path): Path<ApiKeyPath>,
) -> Result<StatusCode, Problem> {
    let command = CustomerCommand::RevokeApiKey { key_id: path.key_id };
    app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
    app.commands.api_keys.forget(path.key_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn api_key(app: &App, customer: CustomerId, key: ApiKeyId) -> Result<Tagged<ApiKeyBody>, Problem> {
    let row = app.projections.views.api_key(customer, key).await?;
    let row = row.ok_or_else(|| NOT_FOUND.with_detail("There is no such API key."))?;
    let uses = app.commands.api_keys.last_uses(customer).await?;
    Ok(Tagged { version: Some(row.version), body: ApiKeyBody::of(row.body, &uses) })
}
