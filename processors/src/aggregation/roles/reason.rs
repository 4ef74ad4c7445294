//! Says in words why a column got its role.

use domain::dataset::{Column, ColumnRole, ColumnType};

/// Why a column got its role: what its name and type suggest, or what a person said about an earlier file.
pub(crate) fn reason(column: &Column, role: ColumnRole, is_remembered: bool) -> String {
    let kind = match column.column_type {
        ColumnType::Boolean => "yes or no",
        ColumnType::Integer => "whole numbers",
        ColumnType::Decimal => "numbers",
        ColumnType::Date => "days",
        ColumnType::Timestamp => "dates with time",
        ColumnType::Text => "text",
    };
    if is_remembered {
        return "said by a person about an earlier file of this store".to_owned();
    }
    match role {
        ColumnRole::Feature => format!("holds {kind} that name nothing, in a table with one row per shopper"),
        role => format!("is named like {}, and holds {kind}", described(role)),
    }
}

fn described(role: ColumnRole) -> &'static str {
    match role {
        ColumnRole::Shopper => "who bought",
        ColumnRole::Order => "a receipt or an order",
        ColumnRole::Time => "when it was bought",
        ColumnRole::Quantity => "how many pieces",
        ColumnRole::UnitPrice => "the price of a piece",
        ColumnRole::Amount => "the price of the whole row",
        ColumnRole::Product => "what was bought",
        ColumnRole::Category => "a kind of product",
        ColumnRole::Feature => "something about the shopper",
    }
}
