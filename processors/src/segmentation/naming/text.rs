//! What people read of a segment.

use super::profile::Profile;
use crate::segmentation::number_format::{counted, percent};

/// What a segment is called and what to do with it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SegmentText {
    /// Unique within the report.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// A suggestion.
    pub action: String,
}

/// How a description begins: how many shoppers, and their share.
pub(crate) fn shoppers(profile: &Profile) -> String {
    format!("{} ({})", counted(profile.size, "shopper"), percent(profile.share))
}
