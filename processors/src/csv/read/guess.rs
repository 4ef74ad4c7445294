//! Guesses from the first rows how the columns of a file are to be read.

use domain::csv_dialect::DialectChoice;
use domain::dataset::Roles;

use crate::csv::columns::header_names::{Measure, is_identifier, suggestion};
use crate::csv::columns::locale_inference::Evidence;
use crate::csv::columns::plan::{ColumnPlan, decide};
use crate::csv::columns::traits::Traits;
use crate::csv::columns::type_counts::Census;
use crate::csv::dialect::sniff::{Layout, Sample};
use crate::csv::values::kinds::Reading;
use crate::csv::values::recognise::{is_null, kinds};

/// Guesses from the first rows how the columns are read. `remembered` are the roles of an earlier file; `choice` is what
/// a person said of this one.
pub fn guess(layout: &Layout, sample: &Sample, remembered: &Roles, choice: &DialectChoice) -> Vec<ColumnPlan> {
    let columns: Vec<(Traits, Census)> = (0..layout.names.len())
        .map(|place| (traits(&layout.names[place], layout, remembered), census(place, layout, sample)))
        .collect();
    let evidence = Evidence::of(columns.iter().map(|(_, census)| census), choice);
    columns.iter().zip(&layout.names).map(|((traits, census), name)| column(name, *traits, census, evidence)).collect()
}

fn column(name: &str, traits: Traits, census: &Census, evidence: Evidence) -> ColumnPlan {
    let reading = decide(census, traits, evidence);
    let is_open = census.total() == 0 || traits.measure.is_some();
    ColumnPlan { name: name.to_owned(), traits, reading, counts_text: reading == Reading::Text && is_open }
}

fn census(place: usize, layout: &Layout, sample: &Sample) -> Census {
    let mut census = Census::default();
    for row in sample.iter().filter(|row| row.len() == layout.names.len()) {
        let cell = row[place].trim_ascii();
        if !is_null(cell) {
            census.add(kinds(cell));
        }
    }
    census
}

fn traits(name: &str, layout: &Layout, remembered: &Roles) -> Traits {
    let role = remembered.get(name).copied().or_else(|| Some(suggestion(name)?.role));
    Traits {
        measure: role.and_then(Measure::of_role),
        is_identifier: is_identifier(name),
        comma_separates: layout.format.delimiter.name() == ",",
    }
}
