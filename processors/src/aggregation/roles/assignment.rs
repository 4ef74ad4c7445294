//! An assignment of roles to the columns of a file, and what a person assigned before.

use domain::dataset::{Column, ColumnRole, ColumnType, Roles};

/// A role, or none, for each column.
pub(crate) type RoleAssignment = Vec<Option<ColumnRole>>;

/// The roles that a person gave to the columns of an earlier file, if they suit these columns.
pub(crate) fn remembered(columns: &[Column], roles: &Roles) -> Option<RoleAssignment> {
    let suits = |(name, role): (&String, &ColumnRole)| {
        columns.iter().any(|column| column.name == *name && fits(*role, column.column_type))
    };
    let assignment = || columns.iter().map(|column| roles.get(&column.name).copied()).collect();
    (!roles.is_empty() && roles.iter().all(suits)).then(assignment)
}

/// Whether a column of a type can have a role.
pub(crate) fn fits(role: ColumnRole, column_type: ColumnType) -> bool {
    use {ColumnRole::*, ColumnType as Type};
    match role {
        Quantity | UnitPrice | Amount => column_type.is_numeric(),
        Feature => column_type.can_be_feature(),
        Time => matches!(column_type, Type::Date | Type::Timestamp),
        Shopper | Order | Product | Category => true,
    }
}
