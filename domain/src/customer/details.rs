//! What is known of a customer and of what belongs to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::patch::Patch;
use crate::validation::{Invalid, line, optional_line};

/// What a member may do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MemberRole {
    /// Reads.
    #[default]
    Viewer,
    /// Also uploads, deletes uploads and asks for reports.
    Analyst,
    /// Also changes the customer, its stores and members.
    Owner,
}

/// How a customer describes itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomerDetails {
    /// The name of the company.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
}

/// A point on the Earth (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, try_from = "BTreeMap<String, f64>")]
pub struct Location {
    /// Degrees, -180 to 180, east is positive.
    pub longitude: f64,
    /// Degrees, -90 to 90, north is positive.
    pub latitude: f64,
}

/// By name only: serde would also take a list of two numbers, and nobody knows which of them is which.
impl TryFrom<BTreeMap<String, f64>> for Location {
    type Error = String;

    fn try_from(mut fields: BTreeMap<String, f64>) -> Result<Self, String> {
        let mut take = |name| fields.remove(name).ok_or_else(|| format!("missing field `{name}`"));
        let location = Self { longitude: take("longitude")?, latitude: take("latitude")? };
        match fields.keys().next() {
            Some(other) => Err(format!("unknown field `{other}`, expected `longitude` or `latitude`")),
            None => Ok(location),
        }
    }
}

/// How a store is described.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoreDetails {
    /// The name of the store.
    pub name: String,
    /// The city it is in.
    pub city: Option<String>,
    /// Where it is.
    pub location: Option<Location>,
}

/// How an API key is described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyDetails {
    /// What it is for.
    pub name: String,
    /// What a program may do with it.
    pub role: MemberRole,
}

/// A change to some details of a customer.
#[derive(Clone, Debug, Default)]
pub struct CustomerChanges {
    pub name: Option<String>,
    pub description: Patch<String>,
}

/// A change to some details of a store.
#[derive(Clone, Debug, Default)]
pub struct StoreChanges {
    pub name: Option<String>,
    pub city: Patch<String>,
    pub location: Patch<Location>,
}

/// The details as they are kept.
///
/// # Errors
/// Names the field that cannot be accepted.
pub(super) fn customer_details(details: CustomerDetails) -> Result<CustomerDetails, Invalid> {
    Ok(CustomerDetails {
        name: line("name", &details.name, 200)?,
        description: optional_line("description", details.description, 2_000)?,
    })
}

/// The details as they are kept.
///
/// # Errors
/// Names the field that cannot be accepted.
pub(super) fn store_details(details: StoreDetails) -> Result<StoreDetails, Invalid> {
    if let Some(Location { longitude, latitude }) = details.location
        && !((-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude))
    {
        return Err(Invalid::new("location", "longitude must be -180 to 180 and latitude -90 to 90"));
    }
    Ok(StoreDetails {
        name: line("name", &details.name, 200)?,
        city: optional_line("city", details.city, 200)?,
        location: details.location,
    })
}
