//! What the rows of a file are under an assignment of roles: purchases or shoppers.

use domain::dataset::ColumnRole;

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

/// Where the columns of a purchase are, or what is missing.
pub(crate) fn purchase_columns(roles: &[Option<ColumnRole>]) -> Result<PurchaseColumns, String> {
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

/// The column that has a role.
pub(crate) fn index_of(roles: &[Option<ColumnRole>], role: ColumnRole) -> Option<usize> {
    roles.iter().position(|other| *other == Some(role))
}
