//! A report: one clustering of the shoppers of some datasets.

mod findings;
mod question;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aggregate::aggregate;
use crate::{CustomerId, Invalid, ReportId, StoreId, UserId};

pub use findings::{
    Candidate, Component, Findings, Quality, RfmGroup, Scaling, Segment, Source, StoreShare, Succession, TopProduct,
};
pub use question::{Algorithm, Clusters, DatasetRevision, Features, Habit, Parameters, Question, Scale};

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

/// What a question was asked in view of. It changes how the answer is presented, not what was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, strum::IntoStaticStr, strum::VariantNames)]
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

#[cfg(test)]
mod tests;
