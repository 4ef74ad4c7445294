//! What is known of a column beside its cells.

use crate::csv::columns::header_names::Measure;

/// What is known of a column beside its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    /// What it measures, by its name.
    pub(crate) measure: Option<Measure>,
    /// Whether its name is that of an identifier.
    pub(crate) is_identifier: bool,
    /// Whether the comma separates the fields, so that a comma in a number more likely separates thousands.
    pub(crate) comma_separates: bool,
}
