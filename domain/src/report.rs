//! A report: one clustering of the shoppers of some datasets.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aggregate::aggregate;
use crate::rfm::RfmGrid;
use crate::{CustomerId, DatasetId, Invalid, ReportId, StoreId, UserId};

/// The greatest whole number that every reader of JSON keeps exactly (2^53 - 1, RFC 8259).
const MAX_SEED: u64 = (1 << 53) - 1;

/// What is decided about a report: the answer to one question.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    status: Status,
    findings: Option<Box<Findings>>,
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
    /// These habits, told from purchases.
    Purchases(Vec<Habit>),
    /// These columns of a shopper table: numbers, and texts of few different values.
    Columns(Vec<String>),
}

impl Features {
    /// The habits that shoppers are compared by; none for a shopper table.
    pub fn habits(&self) -> Option<&[Habit]> {
        match self {
            Self::Rfm => Some(&[Habit::Recency, Habit::Frequency, Habit::Monetary]),
            Self::Purchases(habits) => Some(habits),
            Self::Columns(_) => None,
        }
    }
}

/// Something that the purchases of a shopper tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Habit {
    /// Days since the last purchase.
    Recency,
    /// How many orders.
    Frequency,
    /// Money spent in all.
    Monetary,
    /// Money spent in an order, on average.
    AverageBasket,
    /// Pieces in an order, on average.
    ItemsPerOrder,
    /// Days from one order to the next, on average; who ordered once has waited since then.
    DaysBetweenOrders,
    /// Days since the first purchase.
    Tenure,
    /// Which part of the rows took something back, 0 to 1.
    ReturnRate,
    /// Which part of the money went to each category, 0 to 1: a feature for each of the greatest ones.
    CategoryShares,
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
    /// The customer's own RFM grid, when it is not the classic one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rfm_grid: Option<Box<RfmGrid>>,
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
    /// A question about datasets, and habits, in any order.
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
            Features::Purchases(habits) if habits.is_empty() => {
                Err(Invalid::new("features", "must name at least one habit"))
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
    /// How many shoppers of the segment bought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyers: Option<u64>,
    /// How much likelier a shopper of the segment bought it than any shopper: 1 is as likely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift: Option<f64>,
}

/// What a store has of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoreShare {
    /// The store.
    pub store_id: StoreId,
    /// Which part of the segment's money was spent there, 0 to 1.
    pub revenue_share: f64,
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
    /// What they buy more than others do, of the best-selling products, by falling lift.
    pub top_products: Vec<TopProduct>,
    /// Where they buy, when the report is about several stores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<StoreShare>,
}

/// A cell group of the classic RFM grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RfmGroup {
    /// The name of its cells, such as `champions`.
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

/// A component of a Gaussian mixture, in the space that was clustered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Component {
    /// The segment that it is.
    pub segment: u32,
    /// Its share, 0 to 1.
    pub weight: f64,
    /// Its centre.
    pub mean: Vec<f64>,
    /// Its covariances, row after row.
    pub covariance: Vec<f64>,
}

/// A file that a report was made from, by its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// The dataset.
    pub dataset_id: DatasetId,
    /// The revision of its roles.
    pub revision: u32,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// Its orders that count in the version of a later upload.
    pub replaced_order_count: u64,
}

/// How the segments follow those of an earlier report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Succession {
    /// The earlier report.
    pub report_id: ReportId,
    /// For each segment the earlier one that it continues, if any.
    pub continues: Vec<Option<u32>>,
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
    /// The components of a Gaussian mixture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mixture: Vec<Component>,
    /// The report whose segments these follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Succession>,
    /// The files that it was made from, in the order of their uploads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// The version of the program that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_version: Option<String>,
}

/// What a question was asked in view of. It changes how the answer is presented, not what was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The newest report of the same kind, whose segments the new ones shall follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ReportId>,
    /// The stores that the datasets belong to, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub store_ids: Vec<StoreId>,
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
        /// What it is asked in view of.
        setting: Setting,
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
        /// What it is asked in view of.
        #[serde(flatten)]
        setting: Setting,
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
            (Status::Unknown | Status::Failed, RequestReport { customer_id, question, setting, requested_by }) => {
                if question.datasets.is_empty() {
                    return Err(ReportError::NoData);
                }
                question.check()?;
                Ok(vec![ReportRequested { customer_id, question, setting, requested_by }])
            }
            (_, RequestReport { .. }) => Ok(vec![]),
            (Status::Requested, CompleteReport(findings)) => Ok(vec![ReportCompleted(findings)]),
            (Status::Requested, FailReport { reason }) => Ok(vec![ReportFailed { reason }]),
            (Status::Unknown, _) => Err(ReportError::NotFound),
            (_, CompleteReport(_) | FailReport { .. }) => Ok(vec![]),
        }
    }

    /// The answer, once there is one.
    pub fn findings(&self) -> Option<&Findings> {
        self.findings.as_deref()
    }

    /// The segments of the answer, once there is one.
    pub fn segments(&self) -> Option<&[Segment]> {
        self.findings().map(|findings| findings.segments.as_slice())
    }

    fn evolve(&mut self, event: ReportEvent) {
        self.status = match event {
            ReportEvent::ReportRequested { .. } => Status::Requested,
            ReportEvent::ReportCompleted(findings) => {
                self.findings = Some(findings);
                Status::Completed
            }
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
                setting: Setting::default(),
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

    #[test]
    fn habits_in_another_order_are_the_same_question() {
        let asked = |habits: &[Habit]| {
            Question::new(vec![], Parameters { features: Features::Purchases(habits.to_vec()), ..kmeans() })
        };
        use Habit::*;
        assert_eq!(asked(&[Tenure, Recency]), asked(&[Recency, Tenure, Recency]));
        assert_eq!(asked(&[Monetary, Recency, Frequency]).parameters.features, Features::Rfm);
    }

    fn request(parameters: Parameters) -> ReportCommand {
        let ReportEvent::ReportRequested { customer_id, question, setting, requested_by } = requested(parameters)
        else {
            unreachable!()
        };
        ReportCommand::RequestReport { customer_id, question, setting, requested_by }
    }

    fn requested(parameters: Parameters) -> ReportEvent {
        let datasets = vec![DatasetRevision { dataset_id: DatasetId(Uuid::nil()), revision: 0 }];
        ReportEvent::ReportRequested {
            customer_id: CustomerId(Uuid::nil()),
            question: Question::new(datasets, parameters),
            setting: Setting::default(),
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
            rfm_grid: None,
            seed: 0,
        }
    }
}
