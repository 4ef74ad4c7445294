//! Scoring: given shoppers, or given values of a report's features, are put into the report's segments.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::report::Scaling;
use processors::segmentation::score::{Model, Placed, by_name, by_values};
use projections::ReportRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::lookup::completed;
use crate::app::App;
use crate::http::extract::{Json, Path, ReportPath, Viewer};
use crate::http::problem::Problem;

/// How many shoppers are scored at once.
const MAX_SHOPPERS: usize = 1_000;

/// The endpoints of this file.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(score))
}

/// Who is to be scored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToScore {
    /// Shoppers of the report, by name.
    #[serde(default)]
    shoppers: Vec<String>,
    /// Values of the report's features in their units, such as `{"recency": 12, "frequency": 3, "monetary": 250}`; a
    /// category as text, such as `{"Gender": "Female"}`.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    values: Vec<BTreeMap<String, FeatureValue>>,
}

/// A value of a feature.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, or the text of a category")]
enum FeatureValue {
    Number(f64),
    Category(String),
}

/// Where they belong, in the order in which they were given.
#[derive(Serialize, ToSchema)]
struct Scores {
    shoppers: Vec<ShopperScore>,
    values: Vec<ShopperScore>,
}

/// Where a shopper belongs.
#[derive(Serialize, ToSchema)]
#[schema(as = Score)]
struct ShopperScore {
    /// The shopper, if given by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    shopper: Option<String>,
    /// The index of the segment; absent for a shopper who is not in the report, or in none of its segments.
    segment: Option<u32>,
    /// The name of the segment.
    name: Option<String>,
    /// The distance to its centroid, in the space that was clustered.
    distance: Option<f64>,
}

/// Puts shoppers into the segments of a report.
///
/// Shoppers of the report by name, anybody else by values of the report's features: at most 1,000 of each at once.
/// Nothing is stored.
#[utoipa::path(post, path = "/customers/{customer_id}/reports/{report_id}/score", tag = "reports",
    security(("bearer" = ["viewer"])),
    params(ReportPath), request_body = ToScore,
    responses((status = 200, description = "Where each belongs, in the order they were given", body = Scores)))]
async fn score(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<ReportPath>,
    Json(given): Json<ToScore>,
) -> Result<axum::Json<Scores>, Problem> {
    let report = completed(&app, viewer.customer_id, path.report_id).await?;
    check(&given)?;
    let frames = &app.projections.frames;
    let found = if given.shoppers.is_empty() {
        Default::default()
    } else {
        by_name(frames, report.id, &given.shoppers).await?
    };
    let shoppers = given.shoppers.into_iter().map(|shopper| {
        let placed = found.get(&shopper).copied().unwrap_or(Placed { segment: None, distance: None });
        ShopperScore { shopper: Some(shopper), ..scored(&report, placed) }
    });
    let shoppers = shoppers.collect();
    let rows = rows(&report.scaling, &given.values)?;
    let placed = by_values(frames, model(&report), &rows).await?;
    Ok(axum::Json(Scores { shoppers, values: placed.into_iter().map(|placed| scored(&report, placed)).collect() }))
}

fn check(given: &ToScore) -> Result<(), Problem> {
    for (field, count) in [("/shoppers", given.shoppers.len()), ("/values", given.values.len())] {
        if count > MAX_SHOPPERS {
            return Err(Problem::field(field, format!("at most {MAX_SHOPPERS} are scored at once")));
        }
    }
    match given.shoppers.is_empty() && given.values.is_empty() {
        true => Err(Problem::field("/shoppers", "give shoppers, or values of the report's features")),
        false => Ok(()),
    }
}

fn model(report: &ReportRow) -> Model<'_> {
    Model {
        report: report.id,
        algorithm: report.algorithm,
        epsilon: report.parameters.epsilon,
        scaling: &report.scaling,
        segments: &report.segments,
        mixture: &report.mixture,
    }
}

fn scored(report: &ReportRow, placed: Placed) -> ShopperScore {
    let segment = placed.segment.and_then(|index| report.segments.get(index as usize));
    let name = segment.map(|segment| segment.name.clone());
    ShopperScore {
        shopper: None,
        segment: placed.segment,
        name,
        distance: placed.distance.filter(|value| value.is_finite()),
    }
}

fn rows(scaling: &[Scaling], given: &[BTreeMap<String, FeatureValue>]) -> Result<Vec<Vec<f64>>, Problem> {
    let row = |(index, given): (usize, &BTreeMap<String, FeatureValue>)| {
        let value = |scaling: &Scaling| {
            let detail = || format!("a number is needed for '{}'", scaling.feature);
            value(given, &scaling.feature).ok_or_else(|| Problem::field(format!("/values/{index}"), detail()))
        };
        scaling.iter().map(value).collect()
    };
    given.iter().enumerate().map(row).collect()
}

/// The value of a feature; of `Gender: Female` it is whether the gender is female.
fn value(given: &BTreeMap<String, FeatureValue>, feature: &str) -> Option<f64> {
    if let Some(FeatureValue::Number(number)) = given.get(feature) {
        return number.is_finite().then_some(*number);
    }
    let (column, category) = feature.split_once(": ")?;
    match given.get(column)? {
        FeatureValue::Category(own) => Some(f64::from(u8::from(own == category))),
        FeatureValue::Number(_) => None,
    }
}
