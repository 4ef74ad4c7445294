//! The answer to a question about some datasets: loaded, segmented, stored.

use domain::ReportId;
use domain::dataset::Shape;
use domain::report::{DatasetRevision, Features, Habit, Parameters, ReportResult, SourceDataset};
use projections::Frames;
use tokio::task::spawn_blocking;

use super::feature_table::FeatureTable;
use super::features::{behaviour_features, category_shares, shopper_table_features};
use super::input::{EarlierReport, ReportDataset, SegmentError};
use super::load::purchases;
use super::load::replaced_orders::ReplacedOrders;
use super::number_format::counted;
use super::pipeline::{Segmentation, segment};
use super::{assignments, top_products};

/// Answers a question about datasets, given in the order of their uploads, and stores which shopper is in which segment.
/// The same question on the same datasets in view of the same earlier report has the same answer, byte for byte, on any
/// number of threads.
///
/// # Errors
/// [`SegmentError::Unanswerable`] with what is missing; [`SegmentError::Failed`] when frames cannot be read or written.
pub async fn compute_report(
    frames: &Frames,
    report: ReportId,
    datasets: &[ReportDataset],
    parameters: &Parameters,
    earlier: Option<EarlierReport>,
) -> Result<ReportResult, SegmentError> {
    let shape = match parameters.features {
        Features::Columns(_) => Shape::Shoppers,
        Features::Rfm | Features::Purchases(_) => Shape::Purchases,
    };
    let chosen: Vec<&ReportDataset> = datasets.iter().filter(|dataset| dataset.shape == shape).collect();
    let (mut table, replaced) = load(frames, &chosen, parameters).await?;
    if chosen.len() < datasets.len() {
        let left_out = counted((datasets.len() - chosen.len()) as u64, "dataset");
        table.notes.push(match shape {
            Shape::Purchases => format!("Without purchases and therefore left out: {left_out}."),
            Shape::Shoppers => format!("Not a shopper table and therefore left out: {left_out}."),
        });
    }
    let segmentation = segment_blocking(table, parameters.clone(), earlier).await?;
    assignments::store(frames, report, &segmentation).await?;
    let mut result = segmentation.result.clone();
    if shape == Shape::Purchases {
        let top = top_products::top_products(frames, &chosen, &replaced, &segmentation).await?;
        result.segments.iter_mut().zip(top).for_each(|(segment, products)| segment.top_products = products);
    }
    result.sources = chosen.iter().map(|dataset| source(dataset, &replaced)).collect();
    Ok(result)
}

/// The shoppers of datasets of one shape, and which of the datasets' orders do not count.
async fn load(
    frames: &Frames,
    datasets: &[&ReportDataset],
    parameters: &Parameters,
) -> Result<(FeatureTable, ReplacedOrders), SegmentError> {
    if let Features::Columns(columns) = &parameters.features {
        return Ok((shopper_table_features::load(frames, datasets, columns).await?, ReplacedOrders::default()));
    }
    let asked = parameters.features.habits().unwrap_or_default();
    let (merged, replaced) = purchases::merge(frames, datasets).await?;
    let mut shares = None;
    if asked.contains(&Habit::CategoryShares) {
        let shoppers: Vec<&str> = merged.shoppers.iter().map(|(shopper, _)| shopper.as_str()).collect();
        let found = category_shares::shares(frames, datasets, &replaced, &shoppers).await?;
        if found.names.is_empty() {
            let reason = "No file says which category a row belongs to. Give a column the role category, or ask without \
                          category_shares.";
            return Err(SegmentError::Unanswerable(reason.into()));
        }
        shares = Some(found);
    }
    let table =
        behaviour_features::table(merged, asked, shares, parameters.as_of).map_err(SegmentError::Unanswerable)?;
    Ok((table, replaced))
}

fn source(dataset: &ReportDataset, replaced: &ReplacedOrders) -> SourceDataset {
    let DatasetRevision { dataset_id, revision } = dataset.dataset;
    let replaced_order_count = replaced.count(dataset_id);
    SourceDataset { dataset_id, revision, sha256: dataset.sha256.clone(), replaced_order_count }
}

/// Groups on a thread that may block, as it takes all cores for a while.
async fn segment_blocking(
    table: FeatureTable,
    parameters: Parameters,
    earlier: Option<EarlierReport>,
) -> Result<Segmentation, SegmentError> {
    let work = spawn_blocking(move || segment(table, &parameters, earlier.as_ref()));
    work.await.map_err(anyhow::Error::from)?.map_err(SegmentError::Unanswerable)
}

#[cfg(test)]
mod tests;
