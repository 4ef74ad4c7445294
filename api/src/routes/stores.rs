//! Stores: the places where shoppers buy.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::customer::{Location, StoreChanges, StoreDetails};
use domain::{Customer, CustomerCommand, CustomerId, Patch, StoreId};
use projections::{StoreFilter, StoreRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{CustomerPath, IdempotencyKey, IfMatch, Json, Owner, Path, Query, StorePath, Viewer, given};
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::response::{Created, List, Tagged, cursor, limit};
use crate::http::response_cache::cached;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(open_store, list_stores)).routes(routes!(get_store, change_store, close_store))
}

/// Which stores to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StoresQuery {
    /// A part of the name.
    q: Option<String>,
    /// The city, in any case.
    city: Option<String>,
    /// Items on a page, 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// A store to open.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewStore {
    name: String,
    city: Option<String>,
    location: Option<Location>,
}

/// A change to a store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StorePatch {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    city: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Location>)]
    location: Patch<Location>,
}

/// Opens a store.
///
/// A place where shoppers buy. Files are uploaded for one, and reports are about some or all of them.
#[utoipa::path(post, path = "/customers/{customer_id}/stores", tag = "stores", security(("bearer" = ["owner"])),
    params(CustomerPath, IdempotencyKey), request_body = NewStore,
    responses((status = 201, description = "The new store", body = StoreRow)))]
async fn open_store(
    State(app): State<App>,
    owner: Owner,
    key: IdempotencyKey,
    Json(new): Json<NewStore>,
) -> Result<Created<StoreRow>, Problem> {
    let store_id = key.id(|key| StoreId::of_key(owner.customer_id, owner.user_id, key));
    let open = async {
        let details = StoreDetails { name: new.name.clone(), city: new.city.clone(), location: new.location };
        let command = CustomerCommand::OpenStore { store_id, details };
        app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
        store(&app, owner.customer_id, store_id).await
    };
    let resource =
        app.idempotent(Some(owner.user_id), key.0.as_deref(), &(owner.customer_id, "stores", &new), open).await?;
    Ok(Created { location: format!("/api/v1/customers/{}/stores/{store_id}", owner.customer_id), resource })
}

/// Lists the open stores.
///
/// All, or those with a part of a name, or in a city.
#[utoipa::path(get, path = "/customers/{customer_id}/stores", tag = "stores", security(("bearer" = ["viewer"])),
    params(CustomerPath, StoresQuery),
    responses((status = 200, description = "A page of the list", body = List<StoreRow>)))]
async fn list_stores(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<StoresQuery>,
) -> Result<Response, Problem> {
    let (after, limit) = (cursor(query.cursor.as_deref())?, limit(query.limit)?);
    let filter = StoreFilter { q: query.q, city: query.city };
    let list = async {
        let page = app.projections.views.stores(viewer.customer_id, &filter, after, limit).await?;
        Ok(List::of(page, |row| row.body))
    };
    cached(&app, &viewer, list, |_| true).await
}

/// Shows a store.
///
/// With its city and its place on the map, where they are known.
#[utoipa::path(get, path = "/customers/{customer_id}/stores/{store_id}", tag = "stores",
    security(("bearer" = ["viewer"])),
    params(StorePath),
    responses((status = 200, description = "The store", body = StoreRow)))]
async fn get_store(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<StorePath>,
) -> Result<Tagged<StoreRow>, Problem> {
    store(&app, viewer.customer_id, path.store_id).await
}

/// Changes name, city or location.
///
/// What is left out stays as it is; `null` removes city or location.
#[utoipa::path(patch, path = "/customers/{customer_id}/stores/{store_id}", tag = "stores",
    security(("bearer" = ["owner"])),
    params(StorePath, IfMatch), request_body = StorePatch,
    responses((status = 200, description = "The store after the change", body = StoreRow)))]
async fn change_store(
    State(app): State<App>,
    owner: Owner,
    Path(path): Path<StorePath>,
    seen: IfMatch,
    Json(patch): Json<StorePatch>,
) -> Result<Tagged<StoreRow>, Problem> {
    let changes = StoreChanges { name: patch.name, city: patch.city, location: patch.location };
    let command = CustomerCommand::ChangeStoreDetails { store_id: path.store_id, changes, expected_version: seen.0 };
    app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
    store(&app, owner.customer_id, path.store_id).await
}

/// Closes a store.
///
/// What was uploaded for it stays until it is deleted.
#[utoipa::path(delete, path = "/customers/{customer_id}/stores/{store_id}", tag = "stores",
    security(("bearer" = ["owner"])),
    params(StorePath, IfMatch),
    responses((status = 204, description = "The store is closed")))]
async fn close_store(
    State(app): State<App>,
    owner: Owner,
    Path(path): Path<StorePath>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    let command = CustomerCommand::CloseStore { store_id: path.store_id, expected_version: seen.0 };
    app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn store(app: &App, customer: CustomerId, store: StoreId) -> Result<Tagged<StoreRow>, Problem> {
    let row = app.projections.views.store(customer, store).await?;
    let row = row.ok_or_else(|| NOT_FOUND.with_detail("There is no such store."))?;
    Ok(Tagged { body: row.body, version: Some(row.version) })
}
