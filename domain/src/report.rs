//! A report: one clustering of the shoppers of some datasets.

mod cluster_count;
mod parameters;
mod result;
mod spec;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aggregate::aggregate;
use crate::ids::{CustomerId, ReportId, StoreId, UserId};
use crate::validation::Invalid;

pub use cluster_count::ClusterCount;
pub use parameters::{Algorithm, Features, Habit, Parameters, Scale};
pub use result::{
    Candidate, MixtureComponent, Quality, ReportResult, RfmGroup, Scaling, Segment, SourceDataset, StoreShare,
    Succession, TopProduct,
};
pub use spec::{DatasetRevision, ReportSpec};

/// What is decided about a report: the answer to one question.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    status: ReportLifecycle,
    result: Option<Box<ReportResult>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum ReportLifecycle {
    #[default]
    Unknown,
    Requested,
    Completed,
    Failed,
}

/// What a question was asked in view of. It changes how the answer is presented, not what was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Setting)]
pub struct ReportContext {
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
        spec: ReportSpec,
        /// What it is asked in view of.
        context: ReportContext,
        /// The user who asks.
        requested_by: UserId,
    },
    CompleteReport(Box<ReportResult>),
    /// Takes the reason why there is no answer.
    FailReport {
        /// What is missing, for a person.
        reason: String,
    },
}

/// What happened to a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames)]
pub enum ReportEvent {
    /// Somebody asked.
    ReportRequested {
        /// The customer who asks.
        customer_id: CustomerId,
        /// The question.
        #[serde(rename = "question")]
        spec: ReportSpec,
        /// What it is asked in view of.
        #[serde(flatten)]
        context: ReportContext,
        /// The user who asks.
        requested_by: UserId,
    },
    /// The question is answered.
    ReportCompleted(Box<ReportResult>),
    /// The question cannot be answered.
    ReportFailed {
        /// What is missing, for a person.
        reason: String,
    },
}

/// Why something cannot be done to a report.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReportError {
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
            (
                ReportLifecycle::Unknown | ReportLifecycle::Failed,
                RequestReport { customer_id, spec, context, requested_by },
            ) => {
                if spec.datasets.is_empty() {
                    return Err(ReportError::NoData);
                }
                spec.check()?;
                Ok(vec![ReportRequested { customer_id, spec, context, requested_by }])
            }
            (_, RequestReport { .. }) => Ok(vec![]),
            (ReportLifecycle::Requested, CompleteReport(result)) => Ok(vec![ReportCompleted(result)]),
            (ReportLifecycle::Requested, FailReport { reason }) => Ok(vec![ReportFailed { reason }]),
            (ReportLifecycle::Unknown, _) => Err(ReportError::NotFound),
            (_, CompleteReport(_) | FailReport { .. }) => Ok(vec![]),
        }
    }

    /// The answer, once there is one.
    pub fn result(&self) -> Option<&ReportResult> {
        self.result.as_deref()
    }

    /// The segments of the answer, once there is one.
    pub fn segments(&self) -> Option<&[Segment]> {
        self.result().map(|result| result.segments.as_slice())
    }

    fn evolve(&mut self, event: ReportEvent) {
        self.status = match event {
            ReportEvent::ReportRequested { .. } => ReportLifecycle::Requested,
            ReportEvent::ReportCompleted(result) => {
                self.result = Some(result);
                ReportLifecycle::Completed
            }
            ReportEvent::ReportFailed { .. } => ReportLifecycle::Failed,
        };
    }
}

aggregate!(Report, ReportCommand, ReportEvent, ReportError);

#[cfg(test)]
mod tests;
