//! What the shoppers of each segment buy most.

use std::collections::HashMap;

use anyhow::{Context, Result};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use domain::report::TopProduct;
use projections::{FrameId, Frames};

use super::answer::ReportDataset;
use super::frame::{batches, column};
use super::group::Grouped;

/// Products that a segment lists.
const LISTED: usize = 5;
/// Places of `shopper`, `product`, `quantity` and `revenue` in a frame of products.
const COLUMNS: [usize; 4] = [0, 1, 2, 3];

/// Quantity and revenue in micros of each product.
type Sales = HashMap<String, (i128, i128)>;

/// The products of each segment by falling revenue; none where files do not say what was bought.
///
/// # Errors
/// When a frame cannot be read.
pub async fn top(frames: &Frames, datasets: &[&ReportDataset], grouped: &Grouped) -> Result<Vec<Vec<TopProduct>>> {
    let mut sales = vec![Sales::new(); grouped.findings.segments.len()];
    if grouped.table.spend.is_none() {
        return Ok(sales.into_iter().map(listed).collect());
    }
    let shoppers = grouped.table.shoppers.iter().map(String::as_str);
    let segments: HashMap<&str, Option<u32>> = shoppers.zip(grouped.segments.iter().copied()).collect();
    for dataset in datasets {
        let frame = FrameId::products(dataset.dataset.dataset_id, dataset.dataset.revision);
        if frames.manifest(&frame).await?.is_none() {
            continue;
        }
        let mut batches = batches(frames, &frame, &COLUMNS).await?;
        while let Some(batch) = batches.next().await? {
            add(&mut sales, &segments, &batch)?;
        }
    }
    Ok(sales.into_iter().map(listed).collect())
}

fn add(sales: &mut [Sales], segments: &HashMap<&str, Option<u32>>, batch: &RecordBatch) -> Result<()> {
    let shoppers = column(batch, "shopper")?.as_string_opt::<i32>().context("shopper is not text")?;
    let products = column(batch, "product")?.as_string_opt::<i32>().context("product is not text")?;
    let quantities = column(batch, "quantity")?.as_primitive_opt::<Int64Type>().context("quantity is not a number")?;
    let revenues = column(batch, "revenue")?.as_primitive_opt::<Int64Type>().context("revenue is not a number")?;
    for row in 0..batch.num_rows() {
        let Some(Some(segment)) = segments.get(shoppers.value(row)) else { continue };
        let sales = &mut sales[*segment as usize];
        if !sales.contains_key(products.value(row)) {
            sales.insert(products.value(row).to_owned(), (0, 0));
        }
        if let Some((quantity, revenue)) = sales.get_mut(products.value(row)) {
            *quantity += i128::from(quantities.value(row));
            *revenue += i128::from(revenues.value(row));
        }
    }
    Ok(())
}

fn listed(sales: Sales) -> Vec<TopProduct> {
    let mut sales: Vec<_> = sales.into_iter().collect();
    sales.sort_unstable_by(|(one, (_, more)), (other, (_, less))| less.cmp(more).then(one.cmp(other)));
    sales.truncate(LISTED);
    let product = |(product, (quantity, revenue))| TopProduct {
        product,
        quantity: quantity as f64 / 1e6,
        revenue: revenue as f64 / 1e6,
    };
    sales.into_iter().map(product).collect()
}
