//! Guesses from the first rows how the columns of a file are to be read.

use domain::csv_dialect::DialectChoice;
use domain::dataset::Roles;

use crate::csv::columns::header_names::{Measure, is_identifier, suggestion};
use crate::csv::columns::locale_inference::InferredLocale;
use crate::csv::columns::plan::{ColumnPlan, decide};
use crate::csv::columns::traits::Traits;
use crate::csv::columns::type_counts::TypeCounts;
use crate::csv::dialect::sniff::{Layout, Sample};
use crate::csv::values::kinds::CellFormat;
use crate::csv::values::recognise::{is_null, kinds};

/// Guesses from the first rows how the columns are read. `remembered` are the roles of an earlier file; `choice` is what
/// a person said of this one.
pub(crate) fn guess(layout: &Layout, sample: &Sample, remembered: &Roles, choice: &DialectChoice) -> Vec<ColumnPlan> {
    let columns: Vec<(Traits, TypeCounts)> = (0..layout.names.len())
        .map(|index| (traits(&layout.names[index], layout, remembered), counts(index, layout, sample)))
        .collect();
    let locale = InferredLocale::of(columns.iter().map(|(_, counts)| counts), choice);
    columns.iter().zip(&layout.names).map(|((traits, counts), name)| column(name, *traits, counts, locale)).collect()
}

fn column(name: &str, traits: Traits, counts: &TypeCounts, locale: InferredLocale) -> ColumnPlan {
    let cell_format = decide(counts, traits, locale);
    let is_open = counts.total() == 0 || traits.measure.is_some();
    ColumnPlan { name: name.to_owned(), traits, cell_format, counts_text: cell_format == CellFormat::Text && is_open }
}

fn counts(index: usize, layout: &Layout, sample: &Sample) -> TypeCounts {
    let mut counts = TypeCounts::default();
    for row in sample.iter().filter(|row| row.len() == layout.names.len()) {
        let cell = row[index].trim_ascii();
        if !is_null(cell) {
            counts.add(kinds(cell));
        }
    }
    counts
}

fn traits(name: &str, layout: &Layout, remembered: &Roles) -> Traits {
    let role = remembered.get(name).copied().or_else(|| Some(suggestion(name)?.role));
    Traits {
        measure: role.and_then(Measure::of_role),
        is_identifier: is_identifier(name),
        comma_separates: layout.format.delimiter.name() == ",",
    }
}
