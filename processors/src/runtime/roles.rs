//! The parts of the work, so that processes can share it.

use serde::{Deserialize, Serialize};

/// A part of the work that a process may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers HTTP requests.
    Api,
    /// Numbers committed events and publishes them.
    Relay,
    /// Folds events into the views.
    Project,
    /// Turns uploads into datasets, and removes what was deleted.
    Ingest,
    /// Turns questions into reports.
    Segment,
    /// Writes to people what became of their uploads and reports.
    Notify,
}

impl Role {
    /// Everything, as one process does it.
    pub const ALL: [Self; 6] = [Self::Api, Self::Relay, Self::Project, Self::Ingest, Self::Segment, Self::Notify];
}
