//! What segments buy: of the best-selling products those that a segment buys more than others do, and how the money of
//! shoppers is divided among categories. Orders that a later upload replaces do not count.

use std::collections::HashMap;

use anyhow::{Context, Result};
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Int64Type, UInt32Type};
use domain::DatasetId;
use domain::report::TopProduct;
use projections::{FrameId, Frames};

use super::answer::ReportDataset;
use super::frame::{batches, column};
use super::group::Grouped;
use super::purchases::frame;

/// How many products a segment lists.
const LISTED: usize = 5;
/// How many products are looked at: the best-selling ones of the report.
const BEST: usize = 100;
/// The buyers that a product needs in a segment, at least, and as a share of the segment.
const LEAST_BUYERS: u64 = 3;
const LEAST_SHARE: f64 = 0.02;
/// The categories that become features: those of the highest revenue.
const CATEGORIES: usize = 12;
/// The place of nobody and nothing.
const NONE: u32 = u32::MAX;

/// Which orders of which datasets are replaced.
type Replaced = HashMap<DatasetId, Vec<bool>>;

/// The part of each shopper's money that went to the greatest categories.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CategoryShares {
    /// The categories, by falling revenue.
    pub names: Vec<String>,
    /// For each of them a share per shopper.
    pub columns: Vec<Vec<f64>>,
    /// What a reader should know.
    pub note: Option<String>,
}

/// The products of each segment; none where files do not say what was bought.
///
/// # Errors
/// When a frame cannot be read.
pub async fn top(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &Replaced,
    grouped: &Grouped,
) -> Result<Vec<Vec<TopProduct>>> {
    let sold = sold(frames, datasets, replaced, Name::Product).await?;
    let best = best(sold, BEST);
    let mut sales = Sales::new(grouped, best.len());
    let shoppers: Vec<&str> = grouped.table.shoppers.iter().map(String::as_str).collect();
    visit(frames, datasets, replaced, Name::Product, &best, &shoppers, |sale| sales.add(sale)).await?;
    Ok(sales.listed(&best))
}

/// The shares of categories of shoppers, given in rising order.
///
/// # Errors
/// When a frame cannot be read.
pub async fn category_shares(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &Replaced,
    shoppers: &[&str],
) -> Result<CategoryShares> {
    let sold = sold(frames, datasets, replaced, Name::Category).await?;
    let (count, names) = (sold.len(), best(sold, CATEGORIES));
    let mut revenue = vec![vec![0_i64; shoppers.len()]; names.len()];
    visit(frames, datasets, replaced, Name::Category, &names, shoppers, |sale| {
        revenue[sale.item as usize][sale.shopper as usize] += sale.revenue;
    })
    .await?;
    let total: Vec<i64> = (0..shoppers.len()).map(|place| revenue.iter().map(|column| column[place]).sum()).collect();
    let share = |(revenue, total): (&i64, &i64)| *revenue as f64 / (*total).max(1) as f64;
    let columns = revenue.iter().map(|column| column.iter().zip(&total).map(share).collect()).collect();
    let note = (count > names.len())
        .then(|| format!("Of {count} categories the {CATEGORIES} of the highest revenue are compared."));
    Ok(CategoryShares { names, columns, note })
}

/// Which name of an item counts.
#[derive(Clone, Copy)]
enum Name {
    Product,
    Category,
}

impl Name {
    fn of(self, batch: &RecordBatch) -> Result<StringArray> {
        let name = match self {
            Self::Product => "product",
            Self::Category => "category",
        };
        Ok(column(batch, name)?.as_string_opt::<i32>().context("an item without a name")?.clone())
    }
}

/// The revenue of everything that has a name, in micros.
async fn sold(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &Replaced,
    name: Name,
) -> Result<HashMap<String, i128>> {
    let mut sold = HashMap::new();
    for dataset in datasets {
        let Some(mut revenue) = items(frames, dataset, name).await? else { continue };
        if let Some(replaced) = replaced.get(&dataset.dataset.dataset_id) {
            lessen(frames, dataset, replaced, &mut revenue).await?;
        }
        for (name, revenue) in revenue.into_iter().filter(|(name, revenue)| !name.is_empty() && *revenue > 0) {
            *sold.entry(name).or_insert(0) += i128::from(revenue);
        }
    }
    Ok(sold)
}

/// The name and revenue of each item of a dataset; nothing when the dataset has no items.
async fn items(frames: &Frames, dataset: &ReportDataset, name: Name) -> Result<Option<Vec<(String, i64)>>> {
    let frame = frame(FrameId::items, dataset);
    if frames.manifest(&frame).await?.is_none() {
        return Ok(None);
    }
    let mut items = vec![];
    let mut batches = batches(frames, &frame, &[0, 1, 2, 3]).await?;
    while let Some(batch) = batches.next().await? {
        let revenue = numbers(&batch, "revenue")?;
        items.extend(name.of(&batch)?.iter().flatten().map(str::to_owned).zip(revenue));
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
    let frame = frame(FrameId::sales, dataset);
    let mut batches = batches(frames, &frame, &[1, 2, 4]).await?;
    while let Some(batch) = batches.next().await? {
        let (orders, items, amounts) = (places(&batch, "order")?, places(&batch, "item")?, numbers(&batch, "revenue")?);
        for ((order, item), amount) in orders.into_iter().zip(items).zip(amounts) {
            if replaced[order as usize] {
                revenue[item as usize].1 -= amount;
            }
        }
    }
    Ok(())
}

/// The names of the highest revenue; of equals the first in the alphabet.
fn best(sold: HashMap<String, i128>, limit: usize) -> Vec<String> {
    let mut sold: Vec<(String, i128)> = sold.into_iter().collect();
    sold.sort_unstable_by(|(one, more), (other, less)| less.cmp(more).then(one.cmp(other)));
    sold.truncate(limit);
    sold.into_iter().map(|(name, _)| name).collect()
}

/// Something that a shopper bought in an order.
#[derive(Clone, Copy)]
struct Sale {
    /// The place of the shopper.
    shopper: u32,
    /// The place of the name.
    item: u32,
    quantity: i64,
    revenue: i64,
}

/// Goes through the sales of named items to known shoppers.
async fn visit(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &Replaced,
    name: Name,
    names: &[String],
    shoppers: &[&str],
    mut give: impl FnMut(Sale),
) -> Result<()> {
    let place_of: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    for dataset in datasets {
        let Some(items) = items(frames, dataset, name).await? else { continue };
        let items: Vec<u32> = items.iter().map(|(name, _)| *place_of.get(name.as_str()).unwrap_or(&NONE)).collect();
        if items.iter().all(|place| *place == NONE) {
            continue;
        }
        let known = shopper_places(frames, dataset, shoppers).await?;
        let replaced = replaced.get(&dataset.dataset.dataset_id);
        let frame = frame(FrameId::sales, dataset);
        let columns: &[usize] = if replaced.is_some() { &[0, 1, 2, 3, 4] } else { &[0, 2, 3, 4] };
        let mut batches = batches(frames, &frame, columns).await?;
        while let Some(batch) = batches.next().await? {
            each_sale(&batch, &known, &items, replaced.map(Vec::as_slice), &mut give)?;
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

/// The place among the known shoppers of each shopper of a dataset. Both are sorted, so one pass is enough.
async fn shopper_places(frames: &Frames, dataset: &ReportDataset, shoppers: &[&str]) -> Result<Vec<u32>> {
    let frame = frame(FrameId::shoppers, dataset);
    let (mut places, mut at) = (vec![], 0);
    let mut batches = batches(frames, &frame, &[0]).await?;
    while let Some(batch) = batches.next().await? {
        let names = column(&batch, "shopper")?.as_string_opt::<i32>().context("shopper is not text")?;
        for row in 0..names.len() {
            let name = names.value(row);
            at += shoppers[at..].iter().take_while(|known| **known < name).count();
            places.push(if shoppers.get(at) == Some(&name) { at as u32 } else { NONE });
        }
    }
    Ok(places)
}

fn numbers_of<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a arrow::array::Int64Array> {
    column(batch, name)?.as_primitive_opt::<Int64Type>().with_context(|| format!("{name} is not a number"))
}

fn numbers(batch: &RecordBatch, name: &str) -> Result<Vec<i64>> {
    Ok(numbers_of(batch, name)?.values().to_vec())
}

fn places(batch: &RecordBatch, name: &str) -> Result<Vec<u32>> {
    let places = column(batch, name)?.as_primitive_opt::<UInt32Type>();
    Ok(places.with_context(|| format!("{name} is no place"))?.values().to_vec())
}

/// Sales by segment and product.
struct Sales<'a> {
    grouped: &'a Grouped,
    products: usize,
    /// Quantity and revenue by segment and product.
    sums: Vec<[i128; 2]>,
    /// Whether a shopper bought a product: a bit each, product after product.
    bought: Vec<u64>,
    words: usize,
}

impl<'a> Sales<'a> {
    fn new(grouped: &'a Grouped, products: usize) -> Self {
        let words = grouped.table.count().div_ceil(64);
        let sums = vec![[0; 2]; grouped.findings.segments.len() * products];
        Self { grouped, products, sums, bought: vec![0; products * words], words }
    }

    fn add(&mut self, sale: Sale) {
        let (shopper, product) = (sale.shopper as usize, sale.item as usize);
        self.bought[product * self.words + shopper / 64] |= 1 << (shopper % 64);
        if let Some(segment) = self.grouped.segments[shopper] {
            let [quantity, revenue] = &mut self.sums[segment as usize * self.products + product];
            *quantity += i128::from(sale.quantity);
            *revenue += i128::from(sale.revenue);
        }
    }

    fn listed(&self, names: &[String]) -> Vec<Vec<TopProduct>> {
        let segments = &self.grouped.findings.segments;
        // Of each product, the buyers in all and in each segment.
        let buyers: Vec<(u64, Vec<u64>)> = (0..self.products).map(|product| self.buyers(product)).collect();
        let all = self.grouped.table.count() as f64;
        let list = |segment: usize| {
            let size = segments[segment].size as f64;
            let product = |(product, name): (usize, &String)| {
                let [quantity, revenue] = self.sums[segment * self.products + product];
                let (everybody, own) = (buyers[product].0 as f64, buyers[product].1[segment]);
                TopProduct {
                    product: name.clone(),
                    quantity: quantity as f64 / 1e6,
                    revenue: revenue as f64 / 1e6,
                    buyers: Some(own),
                    lift: Some((own as f64 / size) / (everybody / all)),
                }
            };
            let bought = names.iter().enumerate().filter(|(product, _)| buyers[*product].1[segment] > 0);
            first(bought.map(product).collect(), size)
        };
        (0..segments.len()).map(list).collect()
    }

    fn buyers(&self, product: usize) -> (u64, Vec<u64>) {
        let mut of_segment = vec![0; self.grouped.findings.segments.len()];
        let bits = &self.bought[product * self.words..][..self.words];
        for (word, bits) in bits.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let shopper = word * 64 + bits.trailing_zeros() as usize;
                if let Some(segment) = self.grouped.segments[shopper] {
                    of_segment[segment as usize] += 1;
                }
                bits &= bits - 1;
            }
        }
        (bits.iter().map(|word| u64::from(word.count_ones())).sum(), of_segment)
    }
}

/// The products of the highest lift, those with enough buyers first.
fn first(mut products: Vec<TopProduct>, size: f64) -> Vec<TopProduct> {
    let enough = |product: &TopProduct| {
        product.buyers.is_some_and(|buyers| buyers >= LEAST_BUYERS && buyers as f64 >= LEAST_SHARE * size)
    };
    let lift = |product: &TopProduct| product.lift.unwrap_or_default();
    products.sort_by(|one, other| {
        let by_lift = lift(other).total_cmp(&lift(one)).then(other.revenue.total_cmp(&one.revenue));
        enough(other).cmp(&enough(one)).then(by_lift).then(one.product.cmp(&other.product))
    });
    products.truncate(LISTED);
    products
}
