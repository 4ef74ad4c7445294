//! The RFM grid of a customer's reports: names and cuts that a customer may change.

use axum::extract::State;
use domain::rfm::RfmGrid;
use domain::{Customer, CustomerCommand, CustomerId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{CustomerPath, Json, Owner, Viewer};
use crate::http::problem::Problem;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_rfm_grid, change_rfm_grid))
}

/// Shows the RFM grid that the next report will have.
///
/// The customer's own, or the classic one.
#[utoipa::path(get, path = "/customers/{customer_id}/rfm-grid", tag = "reports", security(("bearer" = ["viewer"])),
    params(CustomerPath),
    responses((status = 200, description = "The grid", body = RfmGrid)))]
async fn get_rfm_grid(State(app): State<App>, viewer: Viewer) -> Result<axum::Json<RfmGrid>, Problem> {
    grid(&app, viewer.customer_id).await
}

/// Names and cuts the RFM grid of later reports.
///
/// Five scores of recency by five of value, with a name in each cell. Reports that were made before stay as they are.
#[utoipa::path(put, path = "/customers/{customer_id}/rfm-grid", tag = "reports", security(("bearer" = ["owner"])),
    params(CustomerPath), request_body = RfmGrid,
    responses((status = 200, description = "The grid after the change", body = RfmGrid)))]
async fn change_rfm_grid(
    State(app): State<App>,
    owner: Owner,
    Json(grid_wanted): Json<RfmGrid>,
) -> Result<axum::Json<RfmGrid>, Problem> {
    let command = CustomerCommand::ChangeRfmGrid { grid: Some(Box::new(grid_wanted)) };
    app.execute::<Customer>(owner.customer_id.0, command, &owner.metadata()).await?;
    grid(&app, owner.customer_id).await
}

async fn grid(app: &App, customer: CustomerId) -> Result<axum::Json<RfmGrid>, Problem> {
    let customer = app.commands.store.load::<Customer>(customer.0).await?.aggregate;
    Ok(axum::Json(customer.rfm_grid().cloned().unwrap_or_default()))
}
