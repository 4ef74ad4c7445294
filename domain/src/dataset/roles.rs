//! What the columns of a dataset mean, all at once, and which meanings a column can have.

use std::collections::BTreeMap;

use super::column::{Column, ColumnRole, ColumnType};
use crate::validation::Invalid;

/// The meaning of columns by name; a column that is not named keeps no role.
pub type Roles = BTreeMap<String, ColumnRole>;

/// The roles that columns have now.
pub fn roles_of(columns: &[Column]) -> Roles {
    columns.iter().filter_map(|column| Some((column.name.clone(), column.role?))).collect()
}

/// Gives columns new roles; a column that is not named loses its role.
pub fn assign_roles(columns: &mut [Column], roles: &Roles) {
    for column in columns {
        column.role = roles.get(&column.name).copied();
        column.reason = column.role.map(|_| "said by a person".to_owned());
    }
}

pub(super) fn check_roles(columns: &[Column], roles: &Roles) -> Result<(), Invalid> {
    for (name, role) in roles {
        let Some(column) = columns.iter().find(|column| column.name == *name) else {
            return Err(Invalid::new("roles", format!("the dataset has no column '{name}'")));
        };
        let numeric = column.column_type.is_numeric();
        let dated = matches!(column.column_type, ColumnType::Date | ColumnType::Timestamp);
        match role {
            ColumnRole::Feature if !column.column_type.can_be_feature() => {
                return Err(Invalid::new("roles", format!("'{name}' cannot be {role}: dates cannot be compared")));
            }
            ColumnRole::Quantity | ColumnRole::UnitPrice | ColumnRole::Amount if !numeric => {
                return Err(Invalid::new("roles", format!("'{name}' cannot be {role}: it does not hold numbers")));
            }
            ColumnRole::Time if !dated => {
                return Err(Invalid::new("roles", format!("'{name}' cannot be {role}: it does not hold dates")));
            }
            _ => {}
        }
        let same = roles.values().filter(|other| *other == role).count();
        if *role != ColumnRole::Feature && same > 1 {
            return Err(Invalid::new("roles", format!("only one column can be {role}")));
        }
    }
    Ok(())
}
