//! The RFM grid of a customer's reports: names and cuts that a customer may change.

use axum::extract::State;
use domain::rfm::RfmGrid;
use domain::{Customer, CustomerCommand, CustomerId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::extract::{Json, Owner, Viewer};
use crate::http::problem::Problem;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_rfm_grid, change_rfm_grid))
}

/// Shows the RFM grid that the next report will have.
#[utoipa::path(get, path = "/customers/{customer_id}/rfm-grid",
    security(("bearer" = ["viewer"])), tag = "reports",
    params(("customer_id" = CustomerId, Path)), responses((status = 200, body = RfmGrid)))]
async fn get_rfm_grid(State(app): State<App>, viewer: Viewer) -> Result<axum::Json<RfmGrid>, Problem> {
    grid(&app, viewer.customer_id).await
}

/// Names and cuts the RFM grid of later reports.
#[utoipa::path(put, path = "/customers/{customer_id}/rfm-grid",
    security(("bearer" = ["owner"])), tag = "reports",
    params(("customer_id" = CustomerId, Path)), request_body = RfmGrid, responses((status = 200, body = RfmGrid)))]
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
