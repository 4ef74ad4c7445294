use domain::dataset::{Column, ColumnRole, Roles};
use serde_json::Value;

use super::assignment::remembered;
use super::guess::guess;
use super::row_shape::{PurchaseColumns, RowShape, index_of, row_shape};

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
