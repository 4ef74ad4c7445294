//! What was sold to whom, told from the frames of datasets. Orders that a later upload replaces do not count.

use std::collections::HashMap;

use anyhow::{Context, Result};
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Int64Type, UInt32Type};
use projections::{FrameId, Frames};

use super::replaced_orders::ReplacedOrders;
use crate::segmentation::frame_batches::{batches, column};
use crate::segmentation::input::ReportDataset;

/// The index of nobody and nothing.
const NONE: u32 = u32::MAX;

/// Which name of an item counts.
#[derive(Clone, Copy)]
pub(crate) enum ItemKey {
    /// The product's.
    Product,
    /// The category's.
    Category,
}

impl ItemKey {
    fn of(self, batch: &RecordBatch) -> Result<StringArray> {
        let name = match self {
            Self::Product => "product",
            Self::Category => "category",
        };
        Ok(column(batch, name)?.as_string_opt::<i32>().context("an item without a name")?.clone())
    }
}

/// The revenue of everything that has a name, in millionths.
///
/// # Errors
/// When a frame cannot be read.
pub(crate) async fn sold(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &ReplacedOrders,
    key: ItemKey,
) -> Result<HashMap<String, i128>> {
    let mut sold = HashMap::new();
    for dataset in datasets {
        let Some(mut revenue) = items(frames, dataset, key).await? else { continue };
        if let Some(replaced) = replaced.of(dataset.dataset.dataset_id) {
            lessen(frames, dataset, replaced, &mut revenue).await?;
        }
        for (name, revenue) in revenue.into_iter().filter(|(name, revenue)| !name.is_empty() && *revenue > 0) {
            *sold.entry(name).or_insert(0) += i128::from(revenue);
        }
    }
    Ok(sold)
}

/// The name and revenue of each item of a dataset; nothing when the dataset has no items.
async fn items(frames: &Frames, dataset: &ReportDataset, key: ItemKey) -> Result<Option<Vec<(String, i64)>>> {
    let frame = dataset.frame(FrameId::items);
    if frames.manifest(&frame).await?.is_none() {
        return Ok(None);
    }
    let mut items = vec![];
    let mut batches = batches(frames, &frame, &[0, 1, 2, 3]).await?;
    while let Some(batch) = batches.next().await? {
        let revenue = numbers(&batch, "revenue")?;
        items.extend(key.of(&batch)?.iter().flatten().map(str::to_owned).zip(revenue));
    }
    Ok(Some(items))
}

/// Takes the replaced orders off the revenue of items.
async fn lessen(
    frames: &Frames,
    dataset: &ReportDataset,
    replaced: &[bool],
    revenue: &mut [(String, i64)],
) -> Result<()> {
    let frame = dataset.frame(FrameId::sales);
    let mut batches = batches(frames, &frame, &[1, 2, 4]).await?;
    while let Some(batch) = batches.next().await? {
        let (orders, items, amounts) =
            (indices(&batch, "order")?, indices(&batch, "item")?, numbers(&batch, "revenue")?);
        for ((order, item), amount) in orders.into_iter().zip(items).zip(amounts) {
            if replaced[order as usize] {
                revenue[item as usize].1 -= amount;
            }
        }
    }
    Ok(())
}

/// The names of the highest revenue; of equals the first in the alphabet.
pub(crate) fn best(sold: HashMap<String, i128>, limit: usize) -> Vec<String> {
    let mut sold: Vec<(String, i128)> = sold.into_iter().collect();
    sold.sort_unstable_by(|(a, more), (b, less)| less.cmp(more).then(a.cmp(b)));
    sold.truncate(limit);
    sold.into_iter().map(|(name, _)| name).collect()
}

/// Something that a shopper bought in an order.
#[derive(Clone, Copy)]
pub(crate) struct Sale {
    /// The index of the shopper.
    pub shopper: u32,
    /// The index of the name.
    pub item: u32,
    /// Millionths of a piece.
    pub quantity: i64,
    /// Millionths of money.
    pub revenue: i64,
}

/// Goes through the sales of named items to known shoppers, given in rising order.
///
/// # Errors
/// When a frame cannot be read.
pub(crate) async fn visit(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &ReplacedOrders,
    key: ItemKey,
    names: &[String],
    shoppers: &[&str],
    mut give: impl FnMut(Sale),
) -> Result<()> {
    let index_of: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    for dataset in datasets {
        let Some(items) = items(frames, dataset, key).await? else { continue };
        let items: Vec<u32> = items.iter().map(|(name, _)| *index_of.get(name.as_str()).unwrap_or(&NONE)).collect();
        if items.iter().all(|index| *index == NONE) {
            continue;
        }
        let known = shopper_indices(frames, dataset, shoppers).await?;
        let replaced = replaced.of(dataset.dataset.dataset_id);
        let frame = dataset.frame(FrameId::sales);
        let columns: &[usize] = if replaced.is_some() { &[0, 1, 2, 3, 4] } else { &[0, 2, 3, 4] };
        let mut batches = batches(frames, &frame, columns).await?;
        while let Some(batch) = batches.next().await? {
            each_sale(&batch, &known, &items, replaced, &mut give)?;
        }
    }
    Ok(())
}

fn each_sale(
    batch: &RecordBatch,
    known: &[u32],
    items: &[u32],
    replaced: Option<&[bool]>,
    give: &mut impl FnMut(Sale),
) -> Result<()> {
    let column = |name: &str| {
        let column = column(batch, name)?.as_primitive_opt::<UInt32Type>();
        anyhow::Ok(column.with_context(|| format!("{name} is no place"))?.values().clone())
    };
    let (of_shopper, of_item) = (column("shopper")?, column("item")?);
    let of_order = replaced.map(|_| column("order")).transpose()?;
    let amounts = |name: &str| anyhow::Ok(numbers_of(batch, name)?.values().clone());
    let (quantity, revenue) = (amounts("quantity")?, amounts("revenue")?);
    for row in 0..batch.num_rows() {
        let (shopper, item) = (known[of_shopper[row] as usize], items[of_item[row] as usize]);
        let gone = replaced.zip(of_order.as_ref()).is_some_and(|(replaced, order)| replaced[order[row] as usize]);
        if shopper != NONE && item != NONE && !gone {
            give(Sale { shopper, item, quantity: quantity[row], revenue: revenue[row] });
        }
    }
    Ok(())
}

/// The index among the known shoppers of each shopper of a dataset. Both are sorted, so one pass is enough.
async fn shopper_indices(frames: &Frames, dataset: &ReportDataset, shoppers: &[&str]) -> Result<Vec<u32>> {
    let frame = dataset.frame(FrameId::shoppers);
    let (mut indices, mut at) = (vec![], 0);
    let mut batches = batches(frames, &frame, &[0]).await?;
    while let Some(batch) = batches.next().await? {
        let names = column(&batch, "shopper")?.as_string_opt::<i32>().context("shopper is not text")?;
        for row in 0..names.len() {
            let name = names.value(row);
            at += shoppers[at..].iter().take_while(|known| **known < name).count();
            indices.push(if shoppers.get(at) == Some(&name) { at as u32 } else { NONE });
        }
    }
    Ok(indices)
}

fn numbers_of<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a arrow::array::Int64Array> {
    column(batch, name)?.as_primitive_opt::<Int64Type>().with_context(|| format!("{name} is not a number"))
}

fn numbers(batch: &RecordBatch, name: &str) -> Result<Vec<i64>> {
    Ok(numbers_of(batch, name)?.values().to_vec())
}

fn indices(batch: &RecordBatch, name: &str) -> Result<Vec<u32>> {
    let indices = column(batch, name)?.as_primitive_opt::<UInt32Type>();
    Ok(indices.with_context(|| format!("{name} is no place"))?.values().to_vec())
}
