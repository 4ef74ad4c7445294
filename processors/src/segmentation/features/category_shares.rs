//! How the money of shoppers is divided among categories.

use anyhow::Result;
use projections::Frames;

use crate::segmentation::input::ReportDataset;
use crate::segmentation::load::replaced_orders::ReplacedOrders;
use crate::segmentation::load::sales::{ItemKey, best, sold, visit};

/// The categories that become features: those of the highest revenue.
const CATEGORIES: usize = 12;

/// The part of each shopper's money that went to the greatest categories.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CategoryShares {
    /// The categories, by falling revenue.
    pub names: Vec<String>,
    /// For each of them a share per shopper.
    pub columns: Vec<Vec<f64>>,
    /// What a reader should know.
    pub note: Option<String>,
}

/// The shares of categories of shoppers, given in rising order.
///
/// # Errors
/// When a frame cannot be read.
pub(crate) async fn shares(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &ReplacedOrders,
    shoppers: &[&str],
) -> Result<CategoryShares> {
    let sold = sold(frames, datasets, replaced, ItemKey::Category).await?;
    let (count, names) = (sold.len(), best(sold, CATEGORIES));
    let mut revenue = vec![vec![0_i64; shoppers.len()]; names.len()];
    visit(frames, datasets, replaced, ItemKey::Category, &names, shoppers, |sale| {
        revenue[sale.item as usize][sale.shopper as usize] += sale.revenue;
    })
    .await?;
    let total: Vec<i64> = (0..shoppers.len()).map(|index| revenue.iter().map(|column| column[index]).sum()).collect();
    let share = |(revenue, total): (&i64, &i64)| *revenue as f64 / (*total).max(1) as f64;
    let columns = revenue.iter().map(|column| column.iter().zip(&total).map(share).collect()).collect();
    let note = (count > names.len())
        .then(|| format!("Of {count} categories the {CATEGORIES} of the highest revenue are compared."));
    Ok(CategoryShares { names, columns, note })
}
