//! What the columns of a file mean to the segmentation: guessed from names and types, or said before.

use domain::dataset::{Column, ColumnRole, ColumnType, Roles};

use crate::csv::columns::header_names::{is_identifier, suggestion};

/// A role, or none, for each column.
pub(crate) type RoleAssignment = Vec<Option<ColumnRole>>;

/// What the rows are under an assignment of roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowShape {
    /// Each row is a purchase.
    Purchases(PurchaseColumns),
    /// Each row is a shopper, named by the column at this index.
    Shoppers(Option<usize>),
}

/// Where the columns of a purchase are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PurchaseColumns {
    /// Who bought.
    pub(crate) shopper: usize,
    /// When.
    pub(crate) time: usize,
    /// On which receipt.
    pub(crate) order: Option<usize>,
    /// How many pieces.
    pub(crate) quantity: Option<usize>,
    /// For how much a piece.
    pub(crate) unit_price: Option<usize>,
    /// For how much in all.
    pub(crate) amount: Option<usize>,
    /// What.
    pub(crate) product: Option<usize>,
    /// What kind of it.
    pub(crate) category: Option<usize>,
}

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

/// The roles that a person gave to the columns of an earlier file, if they suit these columns.
pub(crate) fn remembered(columns: &[Column], roles: &Roles) -> Option<RoleAssignment> {
    let suits = |(name, role): (&String, &ColumnRole)| {
        columns.iter().any(|column| column.name == *name && fits(*role, column.column_type))
    };
    let assignment = || columns.iter().map(|column| roles.get(&column.name).copied()).collect();
    (!roles.is_empty() && roles.iter().all(suits)).then(assignment)
}

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

/// What the rows are under the roles, or a sentence saying what is missing.
pub(crate) fn row_shape(roles: &[Option<ColumnRole>]) -> Result<RowShape, String> {
    match purchase_columns(roles) {
        Ok(columns) => Ok(RowShape::Purchases(columns)),
        Err(_) if roles.contains(&Some(ColumnRole::Feature)) => {
            Ok(RowShape::Shoppers(index_of(roles, ColumnRole::Shopper)))
        }
        Err(missing) => Err(format!(
            "No column was recognised as {missing}. Assign roles to the columns: a shopper, a time and an amount or a \
             unit price for purchases, or features for a table of shoppers."
        )),
    }
}

/// Whether a column of a type can have a role.
fn fits(role: ColumnRole, column_type: ColumnType) -> bool {
    use {ColumnRole::*, ColumnType as Type};
    match role {
        Quantity | UnitPrice | Amount => column_type.is_numeric(),
        Feature => column_type.can_be_feature(),
        Time => matches!(column_type, Type::Date | Type::Timestamp),
        Shopper | Order | Product | Category => true,
    }
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

/// Where the columns of a purchase are, or what is missing.
fn purchase_columns(roles: &[Option<ColumnRole>]) -> Result<PurchaseColumns, String> {
    let at = |role| index_of(roles, role);
    let (shopper, time) = (at(ColumnRole::Shopper), at(ColumnRole::Time));
    let (unit_price, amount) = (at(ColumnRole::UnitPrice), at(ColumnRole::Amount));
    let has_price = unit_price.or(amount).is_some();
    let (Some(shopper), Some(time), true) = (shopper, time, has_price) else {
        return Err(missing(shopper.is_none(), time.is_none(), !has_price));
    };
    let (order, quantity) = (at(ColumnRole::Order), at(ColumnRole::Quantity));
    let (product, category) = (at(ColumnRole::Product), at(ColumnRole::Category));
    Ok(PurchaseColumns { shopper, time, order, quantity, unit_price, amount, product, category })
}

fn missing(shopper: bool, time: bool, price: bool) -> String {
    let roles = [(shopper, "the shopper"), (time, "the time"), (price, "the amount or the unit price")];
    let missing: Vec<&str> = roles.into_iter().filter_map(|(is_missing, role)| is_missing.then_some(role)).collect();
    missing.join(", ")
}

fn index_of(roles: &[Option<ColumnRole>], role: ColumnRole) -> Option<usize> {
    roles.iter().position(|other| *other == Some(role))
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn recognises_purchases() {
        let columns = columns(
            "InvoiceNo:text StockCode:text Description:text Quantity:integer InvoiceDate:timestamp UnitPrice:decimal \
             CustomerID:integer Country:text",
        );
        let expected = PurchaseColumns {
            shopper: 6,
            time: 4,
            order: Some(0),
            quantity: Some(3),
            unit_price: Some(5),
            amount: None,
            product: Some(2),
            category: None,
        };
        assert_eq!(row_shape(&guess(&columns).purchases.unwrap()), Ok(RowShape::Purchases(expected)));
    }

    #[test]
    fn recognises_a_table_of_shoppers() {
        let columns = columns(
            "CustomerID:integer Gender:text Age:integer Income(k$):integer SpendingScore(1-100):integer zip_code:integer",
        );
        let guess = guess(&columns);
        let features = guess.shoppers.unwrap();
        assert_eq!(guess.purchases, None);
        assert_eq!(row_shape(&features), Ok(RowShape::Shoppers(Some(0))));
        let indexes: Vec<usize> = (0..6).filter(|index| features[*index] == Some(ColumnRole::Feature)).collect();
        assert_eq!(indexes, [2, 3, 4]);
    }

    #[test]
    fn says_what_is_missing() {
        let roles = guess(&columns("cliente:text fecha:text importe:decimal")).recognised;
        let error = row_shape(&roles).unwrap_err();
        assert!(error.starts_with("No column was recognised as the time. Assign roles"), "{error}");
    }

    #[test]
    fn prefers_the_description_to_the_code() {
        let product = |names: &str| index_of(&guess(&columns(names)).recognised, ColumnRole::Product);
        assert_eq!(product("StockCode:text Description:text"), Some(1));
        assert_eq!(product("Country:text StockCode:text"), Some(1));
    }

    #[test]
    fn what_was_said_before_must_suit() {
        let said = Roles::from([("who".into(), ColumnRole::Shopper), ("spent".into(), ColumnRole::Amount)]);
        let suits = |names: &str| remembered(&columns(names), &said);
        let expected = vec![None, Some(ColumnRole::Shopper), Some(ColumnRole::Amount)];
        assert_eq!(suits("x:text who:text spent:decimal"), Some(expected));
        assert_eq!(suits("x:text who:text spent:text"), None);
        assert_eq!(suits("x:text who:text"), None);
        assert_eq!(remembered(&columns("x:text"), &Roles::new()), None);
    }

    fn columns(names: &str) -> Vec<Column> {
        let column = |text: &str| {
            let (name, column_type) = text.split_once(':').unwrap();
            let column_type = serde_json::from_value(Value::from(column_type)).unwrap();
            Column {
                name: name.into(),
                column_type,
                null_count: 0,
                min: Value::Null,
                max: Value::Null,
                role: None,
                reason: None,
            }
        };
        names.split_whitespace().map(column).collect()
    }
}
