//! A report: one clustering of the shoppers of some datasets.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aggregate::aggregate;
use crate::{CustomerId, DatasetId, Invalid, ReportId, UserId};

/// The greatest whole number that every reader of JSON keeps exactly (2^53 - 1, RFC 8259).
const MAX_SEED: u64 = (1 << 53) - 1;

/// What is decided about a report: the answer to one question.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    #[default]
    Unknown,
    Requested,
    Completed,
    Failed,
}

/// What the shoppers are compared by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Features {
    /// Recency in days, frequency in orders, monetary in currency.
    Rfm,
    /// These numeric columns of a shopper table.
    Columns(Vec<String>),
}

/// How features are made comparable before they are clustered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// `log1p` where a feature is skewed, then standardised.
    #[default]
    Auto,
    /// Standardised.
    Standard,
    /// As they are.
    None,
}

/// The clustering algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// k-means (Lloyd) from k-means++ starts.
    #[default]
    Kmeans,
    /// A Gaussian mixture with full covariances, fitted by expectation-maximisation.
    GaussianMixture,
    /// Density-based clusters; shoppers in no cluster are noise.
    Dbscan,
}

/// How many clusters: chosen by the evidence, or given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clusters {
    /// Chosen from 2 to 10.
    #[default]
    Auto,
    /// Given, 2 to 50.
    Exactly(u32),
}

/// How a question is asked, with every default filled in, so that equal questions are equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Parameters {
    /// What the shoppers are compared by.
    pub features: Features,
    /// How the features are made comparable.
    pub scale: Scale,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// How many clusters.
    pub clusters: Clusters,
    /// DBSCAN: the radius of a neighbourhood, in the space that is clustered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// DBSCAN: how many shoppers a dense neighbourhood holds, with its centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_points: Option<u32>,
    /// The day from which recency counts; by default the day after the last purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// The seed of the random starts.
    pub seed: u64,
}

/// A dataset under one revision of its roles: what a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct DatasetRevision {
    /// The dataset.
    pub dataset_id: DatasetId,
    /// The revision of its roles.
    pub revision: u32,
}

/// A question about some datasets. Its canonical JSON makes the report's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The datasets, sorted, each once.
    pub datasets: Vec<DatasetRevision>,
    /// How it is asked.
    pub parameters: Parameters,
}

impl Question {
    /// A question about datasets in any order.
    pub fn new(mut datasets: Vec<DatasetRevision>, parameters: Parameters) -> Self {
        datasets.sort();
        datasets.dedup();
        Self { datasets, parameters }
    }

    /// The report that answers this question of a customer.
    pub fn report_id(&self, customer: CustomerId) -> ReportId {
        let json = serde_json::to_vec(self).expect("a question is plain data");
        ReportId::of_question(customer, &json)
    }

    /// Whether the parameters can work together.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        let parameters = &self.parameters;
        let dbscan = parameters.algorithm == Algorithm::Dbscan;
        match parameters.clusters {
            Clusters::Exactly(count) if !(2..=50).contains(&count) => {
                return Err(Invalid::new("clusters", "must be \"auto\" or a number from 2 to 50"));
            }
            Clusters::Exactly(_) if dbscan => {
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
            _ => Ok(()),
        }
    }
}

/// How good a partition is. What cannot be computed for it is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quality {
    /// Mean silhouette (Rousseeuw 1987), -1 to 1, higher is better.
    pub silhouette: Option<f64>,
    /// Davies-Bouldin index (1979), 0 or more, lower is better.
    pub davies_bouldin: Option<f64>,
    /// Calinski-Harabasz index (1974), higher is better.
    pub calinski_harabasz: Option<f64>,
    /// Mean adjusted Rand index (Hubert and Arabie 1985) of partitions of bootstrap samples with this one.
    pub stability: Option<f64>,
    /// Sum of squared distances to the centroids, in the space that was clustered.
    pub inertia: Option<f64>,
}

/// A number of clusters that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// The number of clusters.
    pub clusters: u32,
    /// How good the partition is.
    #[serde(flatten)]
    pub quality: Quality,
    /// The size of its smallest cluster.
    pub smallest: u64,
    /// Whether the report uses it.
    pub chosen: bool,
    /// Why it was chosen or not.
    pub reason: String,
}

/// A product that a segment buys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopProduct {
    /// Its name or number as in the file.
    pub product: String,
    /// Pieces bought by the segment.
    pub quantity: f64,
    /// Money spent on it by the segment.
    pub revenue: f64,
}

/// A group of shoppers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Segment {
    /// Its place in the report, from 0, by falling revenue.
    pub index: u32,
    /// Its name in plain words.
    pub name: String,
    /// One sentence on what its shoppers are like.
    pub description: String,
    /// A suggested action.
    pub action: String,
    /// How many shoppers.
    pub size: u64,
    /// Their share of all shoppers, 0 to 1.
    pub share: f64,
    /// What they spent; absent in a shopper table.
    pub revenue: Option<f64>,
    /// Their share of all revenue, 0 to 1.
    pub revenue_share: Option<f64>,
    /// The mean of each feature in the space that was clustered, in original units.
    pub centroid: BTreeMap<String, f64>,
    /// The median of each feature in original units.
    pub median: BTreeMap<String, f64>,
    /// What they buy most, by revenue.
    pub top_products: Vec<TopProduct>,
}

/// A cell group of the classic RFM grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RfmGroup {
    /// One of the ten classic names, such as `champions`.
    pub name: String,
    /// How many shoppers.
    pub size: u64,
    /// Their share of all shoppers, 0 to 1.
    pub share: f64,
    /// Their share of all revenue, 0 to 1.
    pub revenue_share: f64,
}

/// How one feature was brought into the space that was clustered: `(f(x) - mean) / deviation`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scaling {
    /// The feature.
    pub feature: String,
    /// Whether f is `log1p`; otherwise the identity.
    pub log1p: bool,
    /// Mean of f(x); 0 when not standardised.
    pub mean: f64,
    /// Population standard deviation of f(x); 1 when not standardised.
    pub deviation: f64,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The day from which recency counts; absent in a shopper table.
    pub as_of: Option<NaiveDate>,
    /// How many shoppers were clustered.
    pub shopper_count: u64,
    /// The features that were used, in order.
    pub features: Vec<String>,
    /// How each was scaled.
    pub scaling: Vec<Scaling>,
    /// How many clusters there are.
    pub clusters: u32,
    /// Shoppers in no cluster (DBSCAN).
    pub noise_count: u64,
    /// Iterations of the best start.
    pub iterations: u32,
    /// Whether it came to rest before the limit.
    pub converged: bool,
    /// How good the partition is.
    pub quality: Quality,
    /// The numbers of clusters that were tried, when the number was not given.
    pub candidates: Vec<Candidate>,
    /// The groups, by falling revenue (a shopper table: by falling size).
    pub segments: Vec<Segment>,
    /// The classic grid; absent in a shopper table.
    pub rfm: Option<Vec<RfmGroup>>,
    /// What a reader should know, such as a constant feature that was left out.
    pub notes: Vec<String>,
}

/// What can be asked of a report.
#[derive(Clone, Debug)]
pub enum ReportCommand {
    /// Asks the question. A question that was answered is not asked again; one that failed is.
    RequestReport {
        /// The customer who asks.
        customer_id: CustomerId,
        /// The question.
        question: Question,
        /// The user who asks.
        requested_by: UserId,
    },
    /// Takes the answer.
    CompleteReport(Box<Findings>),
    /// Takes the reason why there is no answer.
    FailReport {
        /// What is missing, for a person.
        reason: String,
    },
}

/// What happened to a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
pub enum ReportEvent {
    /// Somebody asked.
    ReportRequested {
        /// The customer who asks.
        customer_id: CustomerId,
        /// The question.
        question: Question,
        /// The user who asks.
        requested_by: UserId,
    },
    /// The question is answered.
    ReportCompleted(Box<Findings>),
    /// The question cannot be answered.
    ReportFailed {
        /// What is missing, for a person.
        reason: String,
    },
}

/// Why something cannot be done to a report.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReportError {
    /// Nobody asked.
    #[error("there is no such report")]
    NotFound,
    /// There is nothing to cluster.
    #[error("there is no dataset to make a report of")]
    NoData,
    /// The parameters cannot work.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Report {
    fn decide(&self, command: ReportCommand) -> Result<Vec<ReportEvent>, ReportError> {
        use {ReportCommand::*, ReportEvent::*};
        match (self.status, command) {
            (Status::Unknown | Status::Failed, RequestReport { customer_id, question, requested_by }) => {
                if question.datasets.is_empty() {
                    return Err(ReportError::NoData);
                }
                question.check()?;
                Ok(vec![ReportRequested { customer_id, question, requested_by }])
            }
            (_, RequestReport { .. }) => Ok(vec![]),
            (Status::Requested, CompleteReport(findings)) => Ok(vec![ReportCompleted(findings)]),
            (Status::Requested, FailReport { reason }) => Ok(vec![ReportFailed { reason }]),
            (Status::Unknown, _) => Err(ReportError::NotFound),
            (_, CompleteReport(_) | FailReport { .. }) => Ok(vec![]),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "every aggregate evolves by events it owns")]
    fn evolve(&mut self, event: ReportEvent) {
        self.status = match event {
            ReportEvent::ReportRequested { .. } => Status::Requested,
            ReportEvent::ReportCompleted(_) => Status::Completed,
            ReportEvent::ReportFailed { .. } => Status::Failed,
        };
    }
}

aggregate!(Report, ReportCommand, ReportEvent, ReportError);

impl Serialize for Clusters {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Exactly(count) => serializer.serialize_u32(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Clusters {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "\"auto\" or a number from 2 to 50")]
        enum Form {
            Word(String),
            Count(u32),
        }
        match Form::deserialize(deserializer)? {
            Form::Count(count) => Ok(Self::Exactly(count)),
            Form::Word(word) if word == "auto" => Ok(Self::Auto),
            Form::Word(_) => Err(serde::de::Error::custom("must be \"auto\" or a number from 2 to 50")),
        }
    }
}

impl utoipa::PartialSchema for Clusters {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["auto"]));
        let count = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(2)).maximum(Some(50));
        OneOfBuilder::new().item(word).item(count).into()
    }
}

impl ToSchema for Clusters {}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;

    type Reports = TestFramework<Report>;

    #[test]
    fn the_same_question_is_asked_once() {
        Reports::with(()).given(vec![requested(kmeans())]).when(request(kmeans())).then_expect_events(vec![]);
    }

    #[test]
    fn a_question_that_failed_may_be_asked_again() {
        Reports::with(())
            .given(vec![requested(kmeans()), ReportEvent::ReportFailed { reason: "disk full".into() }])
            .when(request(kmeans()))
            .then_expect_events(vec![requested(kmeans())]);
    }

    #[test]
    fn refuses_a_question_about_nothing() {
        let question = Question::new(vec![], kmeans());
        Reports::with(())
            .given_no_previous_events()
            .when(ReportCommand::RequestReport {
                customer_id: CustomerId(Uuid::nil()),
                question,
                requested_by: UserId(Uuid::nil()),
            })
            .then_expect_error(ReportError::NoData);
    }

    #[test]
    fn refuses_dbscan_without_a_radius() {
        let parameters = Parameters { algorithm: Algorithm::Dbscan, min_points: Some(5), ..kmeans() };
        Reports::with(())
            .given_no_previous_events()
            .when(request(parameters))
            .then_expect_error(Invalid::new("epsilon", "is needed for dbscan").into());
    }

    #[test]
    fn the_order_of_datasets_does_not_make_another_report() {
        let revision = |id| DatasetRevision { dataset_id: DatasetId(Uuid::from_u128(id)), revision: 0 };
        let customer = CustomerId(Uuid::nil());
        let one = Question::new(vec![revision(1), revision(2)], kmeans()).report_id(customer);
        let other = Question::new(vec![revision(2), revision(1), revision(2)], kmeans()).report_id(customer);
        assert_eq!(one, other);
    }

    fn request(parameters: Parameters) -> ReportCommand {
        let ReportEvent::ReportRequested { customer_id, question, requested_by } = requested(parameters) else {
            unreachable!()
        };
        ReportCommand::RequestReport { customer_id, question, requested_by }
    }

    fn requested(parameters: Parameters) -> ReportEvent {
        let datasets = vec![DatasetRevision { dataset_id: DatasetId(Uuid::nil()), revision: 0 }];
        ReportEvent::ReportRequested {
            customer_id: CustomerId(Uuid::nil()),
            question: Question::new(datasets, parameters),
            requested_by: UserId(Uuid::nil()),
        }
    }

    fn kmeans() -> Parameters {
        Parameters {
            features: Features::Rfm,
            scale: Scale::Auto,
            algorithm: Algorithm::Kmeans,
            clusters: Clusters::Auto,
            epsilon: None,
            min_points: None,
            as_of: None,
            seed: 0,
        }
    }
}
