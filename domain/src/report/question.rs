//! What can be asked about the shoppers of some datasets.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rfm::RfmGrid;
use crate::{CustomerId, DatasetId, Invalid, ReportId};

/// The greatest whole number that every reader of JSON keeps exactly (2^53 - 1, RFC 8259).
const MAX_SEED: u64 = (1 << 53) - 1;

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportQuestion)]
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
