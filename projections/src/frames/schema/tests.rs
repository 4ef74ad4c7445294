//! What is written is read back under the same names; and the schemas are those of the frames that are stored.

use std::fmt::Debug;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimeUnit};

use super::*;
use crate::frames::codec::{decode, encode};

const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

#[test]
fn orders_come_back() {
    let mut builder = RowBuilder::<OrdersFrame>::default();
    let bought = OrderRow {
        shopper: "ana",
        order: "1",
        time: Some(1_000),
        last_purchase: Some(2_000),
        spend: 3,
        quantity: 4,
        lines: 5,
        returns: 6,
        returned: 7,
    };
    builder.push(&bought);
    builder.push(&OrderRow { order: "2", last_purchase: None, lines: 0, ..bought });
    assert_eq!(builder.size_bytes(), 2 * (3 + 4 + 1 + 4 + 7 * 8));
    let batch = stored(&builder.finish().unwrap(), Some(&OrdersFrame::ALL));
    assert_eq!(builder.size_bytes(), 0);
    assert_eq!(values(read(&batch, &OrdersFrame::SHOPPER).iter()), ["ana", "ana"]);
    assert_eq!(values(read(&batch, &OrdersFrame::ORDER).iter()), ["1", "2"]);
    let orders = OrdersBatch::read(&batch).unwrap();
    assert_eq!((orders.time.value(1), orders.last_purchase.value(0)), (1_000, 2_000));
    assert!(orders.last_purchase.is_null(1));
    let sums = [orders.spend, orders.quantity, orders.lines, orders.returns].map(|column| column.value(0));
    assert_eq!(sums, [3, 4, 5, 6]);

    let keys = stored(&builder.finish().unwrap(), Some(&OrdersFrame::KEYS));
    assert_eq!((keys.num_columns(), keys.num_rows()), (2, 0));
    let error = OrdersBatch::read(&keys).err().unwrap();
    assert_eq!(error.to_string(), "a frame without column time");
}

#[test]
fn orders_have_these_columns() {
    let batch = RowBuilder::<OrdersFrame>::default().finish().unwrap();
    assert_eq!(
        columns(&batch),
        [
            ("shopper", DataType::Utf8, true),
            ("order", DataType::Utf8, true),
            ("time", TIME, true),
            ("last_purchase", TIME, true),
            ("spend", DataType::Int64, true),
            ("quantity", DataType::Int64, true),
            ("lines", DataType::Int64, true),
            ("returns", DataType::Int64, true),
            ("returned", DataType::Int64, true),
        ]
    );
}

#[test]
fn shoppers_come_back() {
    let mut builder = RowBuilder::<ShoppersFrame>::default();
    let bought = ShopperRow {
        shopper: "ana",
        first_purchase: Some(1_000),
        last_purchase: Some(2_000),
        orders: 3,
        spend: 4,
        quantity: 5,
        lines: 6,
        returns: 7,
        returned: 8,
    };
    builder.push(&bought);
    builder.push(&ShopperRow { shopper: "bo", first_purchase: None, last_purchase: None, ..bought });
    let batch = stored(&builder.finish().unwrap(), Some(&ShoppersFrame::ALL));
    let shoppers = ShoppersBatch::read(&batch).unwrap();
    assert_eq!(values(shoppers.shopper.iter()), ["ana", "bo"]);
    assert_eq!((shoppers.first_purchase.value(0), shoppers.last_purchase.value(0)), (1_000, 2_000));
    assert!(shoppers.first_purchase.is_null(1) && shoppers.last_purchase.is_null(1));
    let sums = [shoppers.orders, shoppers.spend, shoppers.quantity, shoppers.lines, shoppers.returns];
    assert_eq!(sums.map(|column| column.value(1)), [3, 4, 5, 6, 7]);
}

#[test]
fn shoppers_have_these_columns() {
    let batch = RowBuilder::<ShoppersFrame>::default().finish().unwrap();
    assert_eq!(
        columns(&batch),
        [
            ("shopper", DataType::Utf8, true),
            ("first_purchase", TIME, true),
            ("last_purchase", TIME, true),
            ("orders", DataType::Int64, true),
            ("spend", DataType::Int64, true),
            ("quantity", DataType::Int64, true),
            ("lines", DataType::Int64, true),
            ("returns", DataType::Int64, true),
            ("returned", DataType::Int64, true),
        ]
    );
}

#[test]
fn items_come_back() {
    let mut builder = RowBuilder::<ItemsFrame>::default();
    builder.push(&ItemRow { product: "hat", category: "", quantity: 1, revenue: 2 });
    let batch = stored(&builder.finish().unwrap(), None);
    assert_eq!(
        columns(&batch),
        [
            ("product", DataType::Utf8, true),
            ("category", DataType::Utf8, true),
            ("quantity", DataType::Int64, true),
            ("revenue", DataType::Int64, true),
        ]
    );
    assert_eq!(values(read(&batch, &ItemsFrame::PRODUCT).iter()), ["hat"]);
    assert_eq!(values(read(&batch, &ItemsFrame::CATEGORY).iter()), [""]);
    assert_eq!(read(&batch, &ItemsFrame::REVENUE).value(0), 2);
    assert_eq!(batch.column(2).as_primitive::<Int64Type>().value(0), 1);
}

#[test]
fn sales_come_back() {
    let mut builder = SalesBuilder::new(10);
    builder.push(&SaleRow { shopper: 1, order: 2, item: 3, quantity: 4, revenue: 5 });
    assert_eq!(builder.rows(), 1);
    let batch = stored(&builder.finish().unwrap(), None);
    assert_eq!(builder.rows(), 0);
    assert_eq!(
        columns(&batch),
        [
            ("shopper", DataType::UInt32, false),
            ("order", DataType::UInt32, false),
            ("item", DataType::UInt32, false),
            ("quantity", DataType::Int64, true),
            ("revenue", DataType::Int64, true),
        ]
    );
    let indexes = [SalesFrame::SHOPPER, SalesFrame::ORDER, SalesFrame::ITEM];
    assert_eq!(indexes.map(|column| read(&batch, &column).value(0)), [1, 2, 3]);
    let sums = [SalesFrame::QUANTITY, SalesFrame::REVENUE];
    assert_eq!(sums.map(|column| read(&batch, &column).value(0)), [4, 5]);
    let error = SalesFrame::QUANTITY.of(&batch.project(&[0]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "a frame without column quantity");
}

#[test]
fn rejects_come_back_with_the_lines_of_the_file() {
    let mut builder = RejectsBuilder::default();
    builder.push(2, Some("price"), "no number", "x,y");
    builder.push(3, None, "too short", "x");
    assert_eq!(builder.rows(), 2);
    let batch = stored(&builder.finish(10).unwrap(), None);
    assert_eq!(
        columns(&batch),
        [
            ("line", DataType::UInt64, false),
            ("column", DataType::Utf8, true),
            ("reason", DataType::Utf8, false),
            ("text", DataType::Utf8, false),
        ]
    );
    assert_eq!(read(&batch, &RejectsFrame::LINE).values()[..], [12, 13]);
    assert_eq!(values(read(&batch, &RejectsFrame::COLUMN).iter()), ["price"]);
    assert_eq!(values(read(&batch, &RejectsFrame::REASON).iter()), ["no number", "too short"]);
    assert_eq!(values(read(&batch, &RejectsFrame::TEXT).iter()), ["x,y", "x"]);
}

#[test]
fn assignments_come_back_whatever_the_features_are_called() {
    let mut builder = AssignmentsBuilder::new(["segment", "recency"].map(str::to_owned));
    let ana = AssignmentRow { shopper: "ana", segment: Some(1), rfm: Some("champions"), distance: Some(0.5) };
    builder.push(&ana, [1.0, 2.0]);
    builder.push(&AssignmentRow { shopper: "bo", segment: None, rfm: None, distance: None }, [3.0, 4.0]);
    let built = builder.finish().unwrap();
    let batch = stored(&built, None);
    assert_eq!(
        columns(&batch),
        [
            ("shopper", DataType::Utf8, false),
            ("segment", DataType::Int32, true),
            ("rfm", DataType::Utf8, true),
            ("distance", DataType::Float64, true),
            ("segment", DataType::Float64, false),
            ("recency", DataType::Float64, false),
        ]
    );
    assert_eq!(values(read(&batch, &AssignmentsFrame::SHOPPER).iter()), ["ana", "bo"]);
    assert_eq!(values(read(&batch, &AssignmentsFrame::RFM).iter()), ["champions"]);
    assert_eq!(values(read(&batch, &AssignmentsFrame::SEGMENT).iter()), [1]);
    assert_eq!(values(read(&batch, &AssignmentsFrame::DISTANCE).iter()), [0.5]);

    let batch = stored(&built, Some(&AssignmentsFrame::segment_and_features(2)));
    assert!(AssignmentsFrame::SEGMENT.of(&batch).unwrap().is_null(1));
    let features = AssignmentsFrame::features(&batch).unwrap();
    assert_eq!(features.iter().map(|feature| feature.values().to_vec()).collect::<Vec<_>>(), [[1.0, 3.0], [2.0, 4.0]]);
}

#[test]
fn changes_come_back() {
    let rows = [("ana", "moved", Some(0), Some(1)), ("bo", "left", Some(1), None)];
    let rows = rows.iter().map(|(shopper, change, from, to)| ChangeRow { shopper, change, from: *from, to: *to });
    let batch = stored(&ChangesFrame::batch(rows).unwrap(), None);
    assert_eq!(
        columns(&batch),
        [
            ("shopper", DataType::Utf8, false),
            ("change", DataType::Utf8, false),
            ("from", DataType::Int32, true),
            ("to", DataType::Int32, true),
        ]
    );
    assert_eq!(values(read(&batch, &ChangesFrame::SHOPPER).iter()), ["ana", "bo"]);
    assert_eq!(values(read(&batch, &ChangesFrame::CHANGE).iter()), ["moved", "left"]);
    assert_eq!(values(read(&batch, &ChangesFrame::FROM).iter()), [0, 1]);
    assert_eq!(values(read(&batch, &ChangesFrame::TO).iter()), [1]);
}

/// The batch as it is after it was stored, read whole or by some columns.
fn stored(batch: &RecordBatch, columns: Option<&[usize]>) -> RecordBatch {
    decode(&encode(batch).unwrap(), columns).unwrap()
}

/// A column of a whole batch, read alone.
fn read<A: ColumnValues + Clone>(batch: &RecordBatch, column: &FrameColumn<A>) -> A {
    column.of(&batch.project(&[column.index()]).unwrap()).unwrap().clone()
}

/// The values that are there.
fn values<T: Debug>(values: impl Iterator<Item = Option<T>>) -> Vec<T> {
    values.flatten().collect()
}

fn columns(batch: &RecordBatch) -> Vec<(&str, DataType, bool)> {
    let fields = batch.schema_ref().fields().iter();
    fields.map(|field| (field.name().as_str(), field.data_type().clone(), field.is_nullable())).collect()
}
