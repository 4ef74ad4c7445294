use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type};
use domain::dataset::{Column, ColumnRole, ColumnType, Overlap};
use domain::report::{Algorithm, ClusterCount, Scale};
use domain::{DatasetId, StoreId};
use projections::{FrameId, Manifest};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::*;

const DAY: i64 = 86_400_000_000;

#[tokio::test]
async fn purchases_of_several_datasets_are_one_report() {
    let (_folder, frames) = frames().await;
    let datasets = [bought(&frames, 1, 0..60).await, bought(&frames, 2, 60..90).await];
    let result = compute_report(&frames, report(), &datasets, &parameters(Features::Rfm), None).await.unwrap();
    assert_eq!(result.shopper_count, 90);
    assert_eq!(result.as_of.unwrap().to_string(), "1970-07-20");
    let revenue: f64 = result.segments.iter().filter_map(|segment| segment.revenue).sum();
    assert!((revenue - spent(0..60) - spent(60..90)).abs() < 1e-6);
    assert_eq!(result.segments[0].top_products[0].product, "tea");
}

#[tokio::test]
async fn the_order_of_the_datasets_and_how_they_are_cut_do_not_matter() {
    let (_folder, frames) = frames().await;
    let whole = [bought(&frames, 1, 0..90).await];
    let parts = [bought(&frames, 2, 50..90).await, bought(&frames, 3, 0..50).await];
    let parameters = parameters(Features::Rfm);
    let once = compute_report(&frames, report(), &whole, &parameters, None).await.unwrap();
    let again = compute_report(&frames, report(), &parts, &parameters, None).await.unwrap();
    assert_eq!(ReportResult { sources: vec![], ..once }, ReportResult { sources: vec![], ..again });
}

#[tokio::test]
async fn orders_that_stand_in_two_datasets_count_once() {
    let (_folder, frames) = frames().await;
    let parameters = parameters(Features::Rfm);
    let mut overlapping = [bought(&frames, 1, 0..60).await, bought(&frames, 2, 20..90).await];
    overlapping[1].overlaps =
        Some(vec![Overlap { dataset_id: DatasetId(Uuid::from_u128(1)), revision: 0, order_count: 40 }]);
    let once = compute_report(&frames, report(), &overlapping, &parameters, None).await.unwrap();
    let replaced: Vec<u64> = once.sources.iter().map(|source| source.replaced_order_count).collect();
    assert_eq!(replaced, [80, 0]);
    let revenue: f64 = once.segments.iter().filter_map(|segment| segment.revenue).sum();
    assert!((revenue - spent(0..90)).abs() < 1e-6);
    let of_tea: f64 = once.segments.iter().map(|segment| segment.top_products[0].revenue).sum();
    assert!((of_tea - spent(0..90)).abs() < 1e-6);
    // Nobody looked for overlaps yet: the report does.
    overlapping.iter_mut().for_each(|dataset| dataset.overlaps = None);
    assert_eq!(once, compute_report(&frames, report(), &overlapping, &parameters, None).await.unwrap());
}

#[tokio::test]
async fn assignments_are_sorted_by_segment_and_shopper() {
    let (_folder, frames) = frames().await;
    let datasets = [bought(&frames, 1, 0..90).await];
    let result = compute_report(&frames, report(), &datasets, &parameters(Features::Rfm), None).await.unwrap();
    let batch = frames.chunk(&FrameId::assignments(report()), 0, None).await.unwrap();
    let segments = batch.column(1).as_primitive::<Int32Type>().values();
    let shoppers: Vec<&str> = batch.column(0).as_string::<i32>().iter().flatten().collect();
    let rows: Vec<(i32, &str)> = segments.iter().copied().zip(shoppers).collect();
    assert!(rows.is_sorted());
    let first = segments.iter().filter(|segment| **segment == 0).count() as u64;
    assert_eq!(first, result.segments[0].size);
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["shopper", "segment", "rfm", "distance", "recency", "frequency", "monetary"]);
    assert!(batch.column(3).as_primitive::<Float64Type>().iter().all(|distance| distance.is_some()));
}

#[tokio::test]
async fn a_shopper_table_takes_the_later_row_and_leaves_out_incomplete_ones() {
    let (_folder, frames) = frames().await;
    let datasets = [described(&frames, 1, 0..40).await, described(&frames, 2, 20..61).await];
    let features = Features::Columns(vec!["income".into(), "score".into()]);
    let result = compute_report(&frames, report(), &datasets, &parameters(features), None).await.unwrap();
    assert_eq!((result.shopper_count, result.rfm, result.as_of), (60, None, None));
    assert_eq!(
        result.notes[..2],
        [
            "Left out because a value is missing: 1 row.".to_owned(),
            "Replaced by a later row of the same shopper: 20 rows.".to_owned()
        ]
    );
    let batch = frames.chunk(&FrameId::assignments(report()), 0, None).await.unwrap();
    assert_eq!(batch.column(2).null_count(), 60);
}

#[tokio::test]
async fn says_what_is_missing() {
    let (_folder, frames) = frames().await;
    let table = [described(&frames, 1, 0..40).await];
    assert!(reason(&frames, &table, Features::Rfm).await.contains("no purchase"));
    let columns = |name: &str| Features::Columns(vec![name.into()]);
    assert_eq!(reason(&frames, &table, columns("age")).await, "No shopper table has a column 'age'.");
    assert!(reason(&frames, &table, columns("who")).await.contains("more than 20 different values"));
}

async fn reason(frames: &Frames, datasets: &[ReportDataset], features: Features) -> String {
    match compute_report(frames, report(), datasets, &parameters(features), None).await {
        Err(SegmentError::Unanswerable(reason)) => reason,
        other => panic!("it must be unanswerable: {other:?}"),
    }
}

async fn frames() -> (tempfile::TempDir, Frames) {
    let folder = tempfile::tempdir().unwrap();
    let frames = Frames::open(&Url::from_directory_path(folder.path()).unwrap()).await.unwrap();
    (folder, frames)
}

fn report() -> ReportId {
    ReportId(Uuid::from_u128(7))
}

fn parameters(features: Features) -> Parameters {
    Parameters {
        features,
        scale: Scale::Auto,
        algorithm: Algorithm::Kmeans,
        clusters: ClusterCount::Auto,
        epsilon: None,
        min_points: None,
        as_of: None,
        rfm_grid: None,
        seed: 1,
    }
}

fn spent(shoppers: std::ops::Range<i64>) -> f64 {
    shoppers.map(|shopper| (1 + shopper * shopper) as f64).sum()
}

/// A dataset of purchases, as it is aggregated. Each shopper has an order and only ever buys tea.
async fn bought(frames: &Frames, id: u128, shoppers: std::ops::Range<i64>) -> ReportDataset {
    let dataset = DatasetRevision { dataset_id: DatasetId(Uuid::from_u128(id)), revision: 0 };
    let whole = |value: fn(i64) -> i64| Arc::new(Int64Array::from_iter_values(shoppers.clone().map(value))) as ArrayRef;
    let time = |shopper: i64| (110 + shopper) * DAY;
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(shoppers.clone().map(time)));
    let texts = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let names = texts(shoppers.clone().map(|name| format!("{name:03}")).collect());
    let spend = || whole(|shopper| (1 + shopper * shopper) * 1_000_000);
    let one = || whole(|_| 1);
    let columns = [
        ("shopper", names),
        ("first_purchase", times.clone()),
        ("last_purchase", times),
        ("orders", whole(|shopper| 1 + shopper % 7)),
        ("spend", spend()),
        ("quantity", one()),
        ("lines", one()),
        ("returns", whole(|_| 0)),
    ];
    put(frames, FrameId::shoppers(dataset.dataset_id, 0), columns).await;
    // Each shopper has an order with the tea, and one with nothing worth its name.
    let twice = || shoppers.clone().flat_map(|shopper| [(shopper, true), (shopper, false)]);
    let numbers =
        |value: fn((i64, bool)) -> i64| Arc::new(Int64Array::from_iter_values(twice().map(value))) as ArrayRef;
    let times = || {
        let times = twice().map(|(shopper, _)| (110 + shopper) * DAY);
        Arc::new(TimestampMicrosecondArray::from_iter_values(times)) as ArrayRef
    };
    let columns = [
        ("shopper", texts(twice().map(|(name, _)| format!("{name:03}")).collect())),
        ("order", texts(twice().map(|(order, first)| format!("{} of {order}", 2 - i64::from(first))).collect())),
        ("time", times()),
        ("last_purchase", times()),
        ("spend", numbers(|(shopper, first)| i64::from(first) * (1 + shopper * shopper) * 1_000_000)),
        ("quantity", numbers(|_| 1)),
        ("lines", numbers(|_| 1)),
        ("returns", numbers(|_| 0)),
        ("returned", numbers(|_| 0)),
    ];
    put(frames, FrameId::orders(dataset.dataset_id, 0), columns).await;
    let rows = |each: u32| {
        let rows = (0..shoppers.clone().count() as u32).map(|row| each * row);
        Arc::new(UInt32Array::from_iter_values(rows)) as ArrayRef
    };
    let tea: ArrayRef = Arc::new(UInt32Array::from(vec![0; shoppers.clone().count()]));
    let columns = [("shopper", rows(1)), ("order", rows(2)), ("item", tea), ("quantity", one()), ("revenue", spend())];
    put(frames, FrameId::sales(dataset.dataset_id, 0), columns).await;
    let revenue = spend().as_primitive::<Int64Type>().values().iter().sum::<i64>();
    let columns = [
        ("product", texts(vec!["tea".into()])),
        ("category", texts(vec!["drinks".into()])),
        ("quantity", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("revenue", Arc::new(Int64Array::from(vec![revenue])) as ArrayRef),
    ];
    put(frames, FrameId::items(dataset.dataset_id, 0), columns).await;
    ReportDataset { dataset, shape: Shape::Purchases, ..report_dataset() }
}

fn report_dataset() -> ReportDataset {
    ReportDataset {
        dataset: DatasetRevision { dataset_id: DatasetId::default(), revision: 0 },
        store_id: StoreId::default(),
        sha256: String::new(),
        shape: Shape::Shoppers,
        columns: vec![],
        overlaps: Some(vec![]),
    }
}

/// A shopper table; shopper 60 has no score.
async fn described(frames: &Frames, id: u128, shoppers: std::ops::Range<i64>) -> ReportDataset {
    let dataset = DatasetRevision { dataset_id: DatasetId(Uuid::from_u128(id)), revision: 0 };
    let names = StringArray::from_iter_values(shoppers.clone().map(|name| format!("{name:03}")));
    let income = Int64Array::from_iter_values(shoppers.clone().map(|shopper| 10 * (shopper % 3)));
    let score = |shopper: i64| (shopper != 60).then_some((100 * (shopper % 2)) as f64 + shopper as f64 / 100.0);
    let score: Float64Array = shoppers.map(score).collect();
    let columns: [(&str, ArrayRef); 3] =
        [("who", Arc::new(names)), ("income", Arc::new(income)), ("score", Arc::new(score))];
    put(frames, FrameId::rows(dataset.dataset_id), columns).await;
    let columns = vec![
        column("who", ColumnType::Text, ColumnRole::Shopper),
        column("income", ColumnType::Integer, ColumnRole::Feature),
        column("score", ColumnType::Decimal, ColumnRole::Feature),
    ];
    ReportDataset { dataset, columns, ..report_dataset() }
}

async fn put<const N: usize>(frames: &Frames, frame: FrameId, columns: [(&str, ArrayRef); N]) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    frames.put_chunk(&frame, 0, projections::frames::encode(&batch).unwrap()).await.unwrap();
    frames.finish(&frame, &Manifest { chunk_rows: vec![batch.num_rows() as u64] }).await.unwrap();
}

fn column(name: &str, column_type: ColumnType, role: ColumnRole) -> Column {
    Column {
        name: name.into(),
        column_type,
        null_count: 0,
        min: Value::Null,
        max: Value::Null,
        role: Some(role),
        reason: None,
    }
}
