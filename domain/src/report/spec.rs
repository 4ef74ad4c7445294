//! What a report is about: which datasets, compared and clustered how. Equal specifications are one report.

use chrono::Datelike;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cluster_count::ClusterCount;
use super::parameters::{Algorithm, Features, Parameters};
use crate::ids::{CustomerId, DatasetId, ReportId};
use crate::validation::Invalid;

/// The greatest whole number that every reader of JSON keeps exactly (2^53 - 1, RFC 8259).
const MAX_SEED: u64 = (1 << 53) - 1;

/// A dataset under one revision of its roles: what a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct DatasetRevision {
    /// The dataset.
    pub dataset_id: DatasetId,
    /// The revision of its roles.
    pub revision: u32,
}

/// A question about some datasets. Its canonical JSON makes the report's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportQuestion)]
pub struct ReportSpec {
    /// The datasets, sorted, each once.
    pub datasets: Vec<DatasetRevision>,
    /// How it is asked.
    pub parameters: Parameters,
}

impl ReportSpec {
    /// A specification of datasets, and habits, in any order.
    pub fn new(mut datasets: Vec<DatasetRevision>, mut parameters: Parameters) -> Self {
        datasets.sort();
        datasets.dedup();
        if let Features::Purchases(habits) = &mut parameters.features {
            habits.sort();
            habits.dedup();
            if Some(habits.as_slice()) == Features::Rfm.habits() {
                parameters.features = Features::Rfm;
            }
        }
        Self { datasets, parameters }
    }

    /// The report that answers this to a customer.
    pub fn report_id(&self, customer: CustomerId) -> ReportId {
        let json = serde_json::to_vec(self).expect("a specification is plain data");
        ReportId::of_spec(customer, &json)
    }

    /// Whether the parameters can work together.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        let parameters = &self.parameters;
        let dbscan = parameters.algorithm == Algorithm::Dbscan;
        match parameters.clusters {
            ClusterCount::Exactly(count) if !(2..=50).contains(&count) => {
                return Err(Invalid::new("clusters", "must be \"auto\" or a number from 2 to 50"));
            }
            ClusterCount::Exactly(_) if dbscan => {
                return Err(Invalid::new("clusters", "cannot be given for dbscan, which finds the number itself"));
            }
            _ => {}
        }
        match parameters.epsilon {
            None if dbscan => return Err(Invalid::new("epsilon", "is needed for dbscan")),
            Some(_) if !dbscan => return Err(Invalid::new("epsilon", "is only for dbscan")),
            Some(epsilon) if !(epsilon.is_finite() && epsilon > 0.0) => {
                return Err(Invalid::new("epsilon", "must be a number above zero"));
            }
            _ => {}
        }
        match parameters.min_points {
            None if dbscan => return Err(Invalid::new("min_points", "is needed for dbscan")),
            Some(_) if !dbscan => return Err(Invalid::new("min_points", "is only for dbscan")),
            Some(count) if count < 2 => return Err(Invalid::new("min_points", "must be at least 2")),
            _ => {}
        }
        if parameters.as_of.is_some_and(|day| !(1..=9999).contains(&day.year())) {
            return Err(Invalid::new("as_of", "must be a date from 0001-01-01 to 9999-12-31"));
        }
        if parameters.seed > MAX_SEED {
            return Err(Invalid::new("seed", format!("must be at most {MAX_SEED}")));
        }
        match &parameters.features {
            Features::Columns(columns) if columns.is_empty() => {
                Err(Invalid::new("features", "must name at least one column"))
            }
            Features::Purchases(habits) if habits.is_empty() => {
                Err(Invalid::new("features", "must name at least one habit"))
            }
            _ => Ok(()),
        }
    }
}
