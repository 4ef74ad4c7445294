//! Guesses from the names and types of columns what they mean.

use domain::dataset::{Column, ColumnRole, ColumnType};

use crate::aggregation::roles::assignment::{RoleAssignment, fits};
use crate::aggregation::roles::row_shape::purchase_columns;
use crate::csv::columns::header_names::{is_identifier, suggestion};

/// What was guessed. Purchases are preferred, if shoppers turn out to come more than once.
pub(crate) struct RoleGuess {
    /// Roles under which each row is a purchase.
    pub(crate) purchases: Option<RoleAssignment>,
    /// Roles under which each row is a shopper.
    pub(crate) shoppers: Option<RoleAssignment>,
    /// The roles that were recognised, enough or not.
    pub(crate) recognised: RoleAssignment,
}

/// Guesses the roles from names and types.
pub(crate) fn guess(columns: &[Column]) -> RoleGuess {
    let recognised = recognised(columns);
    let purchases = purchase_columns(&recognised).is_ok().then(|| recognised.clone());
    RoleGuess { purchases, shoppers: shopper_table(columns, &recognised), recognised }
}

/// Each role goes to the column whose name suggests it most, the first of equals.
fn recognised(columns: &[Column]) -> RoleAssignment {
    let mut roles = vec![None; columns.len()];
    let mut suggestions: Vec<_> = columns
        .iter()
        .enumerate()
        .filter_map(|(index, column)| Some((index, suggestion(&column.name)?)))
        .filter(|(index, suggestion)| is_likely(suggestion.role, columns[*index].column_type))
        .collect();
    suggestions.sort_by_key(|(index, suggestion)| (std::cmp::Reverse(suggestion.score), *index));
    for (index, suggestion) in suggestions {
        if !roles.contains(&Some(suggestion.role)) {
            roles[index] = Some(suggestion.role);
        }
    }
    roles
}

/// Names are guessed for text and whole numbers only.
fn is_likely(role: ColumnRole, column_type: ColumnType) -> bool {
    let is_name = matches!(column_type, ColumnType::Text | ColumnType::Integer);
    let names = matches!(role, ColumnRole::Shopper | ColumnRole::Order | ColumnRole::Product | ColumnRole::Category);
    fits(role, column_type) && (is_name || !names)
}

/// The numbers that are no identifiers describe a shopper.
fn shopper_table(columns: &[Column], recognised: &[Option<ColumnRole>]) -> Option<RoleAssignment> {
    let roles = columns.iter().zip(recognised).map(|(column, role)| match role {
        Some(ColumnRole::Shopper) => *role,
        _ if column.column_type.is_numeric() && !is_identifier(&column.name) => Some(ColumnRole::Feature),
        _ => None,
    });
    let roles: RoleAssignment = roles.collect();
    roles.contains(&Some(ColumnRole::Feature)).then_some(roles)
}
