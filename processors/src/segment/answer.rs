//! The answer to a question about some datasets: loaded, grouped, stored.

use domain::ReportId;
use domain::dataset::{Column, Shape};
use domain::report::{DatasetRevision, Features, Findings, Parameters};
use projections::Frames;
use tokio::task::spawn_blocking;

use super::group::{Grouped, group};
use super::table::Table;
use super::words::counted;
use super::{assignments, products, purchases, rows};

/// A dataset that a report is about.
#[derive(Clone, Debug)]
pub struct ReportDataset {
    /// The dataset under a revision of its roles.
    pub dataset: DatasetRevision,
    /// What its rows are.
    pub shape: Shape,
    /// Its columns in file order, with their roles.
    pub columns: Vec<Column>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// The datasets do not hold what the question needs: a sentence for a person.
    #[error("{0}")]
    Unanswerable(String),
    /// Something broke; another attempt may succeed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Answers a question about datasets, given oldest first, and stores which shopper is in which segment. The same question
/// on the same datasets has the same answer, byte for byte, on any number of threads.
///
/// # Errors
/// [`SegmentError::Unanswerable`] with what is missing; [`SegmentError::Failed`] when frames cannot be read or written.
pub async fn answer(
    frames: &Frames,
    report: ReportId,
    datasets: &[ReportDataset],
    parameters: &Parameters,
) -> Result<Findings, SegmentError> {
    let table = load(frames, datasets, parameters).await?;
    let grouped = group_elsewhere(table, parameters.clone()).await?;
    let top = products::top(frames, &of_shape(datasets, Shape::Purchases), &grouped).await?;
    assignments::store(frames, report, &grouped).await?;
    let mut findings = grouped.findings;
    for (segment, products) in findings.segments.iter_mut().zip(top) {
        segment.top_products = products;
    }
    Ok(findings)
}

async fn load(frames: &Frames, datasets: &[ReportDataset], parameters: &Parameters) -> Result<Table, SegmentError> {
    let shape = match parameters.features {
        Features::Rfm => Shape::Purchases,
        Features::Columns(_) => Shape::Shoppers,
    };
    let chosen = of_shape(datasets, shape);
    let mut table = match &parameters.features {
        Features::Rfm => purchases::load(frames, &chosen, parameters.as_of).await?,
        Features::Columns(columns) => rows::load(frames, &chosen, columns).await?,
    };
    if chosen.len() < datasets.len() {
        let left_out = counted((datasets.len() - chosen.len()) as u64, "dataset");
        table.notes.push(match shape {
            Shape::Purchases => format!("Without purchases and therefore left out: {left_out}."),
            Shape::Shoppers => format!("Not a shopper table and therefore left out: {left_out}."),
        });
    }
    Ok(table)
}

fn of_shape(datasets: &[ReportDataset], shape: Shape) -> Vec<&ReportDataset> {
    datasets.iter().filter(|dataset| dataset.shape == shape).collect()
}

/// Groups on a thread that may block, as it takes all cores for a while.
async fn group_elsewhere(table: Table, parameters: Parameters) -> Result<Grouped, SegmentError> {
    let grouped = spawn_blocking(move || group(table, &parameters)).await.map_err(anyhow::Error::from)?;
    grouped.map_err(SegmentError::Unanswerable)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    };
    use arrow::datatypes::{Float64Type, Int32Type};
    use domain::DatasetId;
    use domain::dataset::{ColumnRole, ColumnType};
    use domain::report::{Algorithm, Clusters, Scale};
    use projections::{FrameId, Manifest};
    use serde_json::Value;
    use url::Url;
    use uuid::Uuid;

    use super::*;

    const DAY: i64 = 86_400_000_000;

    #[tokio::test]
    async fn purchases_of_several_datasets_are_one_report() {
        let (_folder, frames) = frames().await;
        let datasets = [bought(&frames, 1, 0..60).await, bought(&frames, 2, 40..90).await];
        let findings = answer(&frames, report(), &datasets, &parameters(Features::Rfm)).await.unwrap();
        assert_eq!(findings.shopper_count, 90);
        assert_eq!(findings.as_of.unwrap().to_string(), "1970-07-20");
        let revenue: f64 = findings.segments.iter().filter_map(|segment| segment.revenue).sum();
        assert!((revenue - spent(0..60) - spent(40..90)).abs() < 1e-6);
        assert_eq!(findings.segments[0].top_products[0].product, "tea");
    }

    #[tokio::test]
    async fn the_order_of_the_datasets_and_how_they_are_cut_do_not_matter() {
        let (_folder, frames) = frames().await;
        let whole = [bought(&frames, 1, 0..90).await];
        let parts = [bought(&frames, 2, 50..90).await, bought(&frames, 3, 0..50).await];
        let parameters = parameters(Features::Rfm);
        let once = answer(&frames, report(), &whole, &parameters).await.unwrap();
        assert_eq!(once, answer(&frames, report(), &parts, &parameters).await.unwrap());
    }

    #[tokio::test]
    async fn assignments_are_sorted_by_segment_and_shopper() {
        let (_folder, frames) = frames().await;
        let datasets = [bought(&frames, 1, 0..90).await];
        let findings = answer(&frames, report(), &datasets, &parameters(Features::Rfm)).await.unwrap();
        let batch = frames.chunk(&FrameId::assignments(report()), 0, None).await.unwrap();
        let segments = batch.column(1).as_primitive::<Int32Type>().values();
        let shoppers: Vec<&str> = batch.column(0).as_string::<i32>().iter().flatten().collect();
        let rows: Vec<(i32, &str)> = segments.iter().copied().zip(shoppers).collect();
        assert!(rows.is_sorted());
        let first = segments.iter().filter(|segment| **segment == 0).count() as u64;
        assert_eq!(first, findings.segments[0].size);
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["shopper", "segment", "rfm", "distance", "recency", "frequency", "monetary"]);
        assert!(batch.column(3).as_primitive::<Float64Type>().iter().all(|distance| distance.is_some()));
    }

    #[tokio::test]
    async fn a_shopper_table_takes_the_later_row_and_leaves_out_incomplete_ones() {
        let (_folder, frames) = frames().await;
        let datasets = [described(&frames, 1, 0..40).await, described(&frames, 2, 20..61).await];
        let features = Features::Columns(vec!["income".into(), "score".into()]);
        let findings = answer(&frames, report(), &datasets, &parameters(features)).await.unwrap();
        assert_eq!((findings.shopper_count, findings.rfm, findings.as_of), (60, None, None));
        assert_eq!(
            findings.notes[..2],
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
        assert!(reason(&frames, &table, columns("who")).await.contains("does not hold numbers"));
    }

    async fn reason(frames: &Frames, datasets: &[ReportDataset], features: Features) -> String {
        match answer(frames, report(), datasets, &parameters(features)).await {
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
            clusters: Clusters::Auto,
            epsilon: None,
            min_points: None,
            as_of: None,
            seed: 1,
        }
    }

    fn spent(shoppers: std::ops::Range<i64>) -> f64 {
        shoppers.map(|shopper| (1 + shopper * shopper) as f64).sum()
    }

    /// A dataset of purchases, as it is aggregated: frames of shoppers and of products.
    async fn bought(frames: &Frames, id: u128, shoppers: std::ops::Range<i64>) -> ReportDataset {
        let dataset = DatasetRevision { dataset_id: DatasetId(Uuid::from_u128(id)), revision: 0 };
        let time = |shopper: i64| (110 + shopper) * DAY;
        let whole =
            |value: fn(i64) -> i64| Arc::new(Int64Array::from_iter_values(shoppers.clone().map(value))) as ArrayRef;
        let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(shoppers.clone().map(time)));
        let names: ArrayRef =
            Arc::new(StringArray::from_iter_values(shoppers.clone().map(|name| format!("{name:03}"))));
        let spend = || whole(|shopper| (1 + shopper * shopper) * 1_000_000);
        let columns = [
            ("shopper", names.clone()),
            ("first_purchase", times.clone()),
            ("last_purchase", times),
            ("orders", whole(|shopper| 1 + shopper % 7)),
            ("spend", spend()),
        ];
        put(frames, FrameId::shoppers(dataset.dataset_id, 0), columns).await;
        let tea: ArrayRef = Arc::new(StringArray::from_iter_values(shoppers.clone().map(|_| "tea")));
        let columns = [("shopper", names), ("product", tea), ("quantity", whole(|_| 2_000_000)), ("revenue", spend())];
        put(frames, FrameId::products(dataset.dataset_id, 0), columns).await;
        ReportDataset { dataset, shape: Shape::Purchases, columns: vec![] }
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
        ReportDataset { dataset, shape: Shape::Shoppers, columns }
    }

    async fn put<const N: usize>(frames: &Frames, frame: FrameId, columns: [(&str, ArrayRef); N]) {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        frames.put_chunk(&frame, 0, projections::frames::encode(&batch).unwrap()).await.unwrap();
        frames.finish(&frame, &Manifest { chunk_rows: vec![batch.num_rows() as u64] }).await.unwrap();
    }

    fn column(name: &str, column_type: ColumnType, role: ColumnRole) -> Column {
        Column { name: name.into(), column_type, null_count: 0, min: Value::Null, max: Value::Null, role: Some(role) }
    }
}
