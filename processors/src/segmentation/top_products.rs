//! What segments buy: of the best-selling products those that a segment buys more than others do.

use anyhow::Result;
use domain::report::TopProduct;
use projections::Frames;

use super::input::ReportDataset;
use super::load::replaced_orders::ReplacedOrders;
use super::load::sales::{Name, Sale, best, sold, visit};
use super::pipeline::Grouped;

/// How many products a segment lists.
const LISTED: usize = 5;
/// How many products are looked at: the best-selling ones of the report.
const BEST: usize = 100;
/// The buyers that a product needs in a segment, at least, and as a share of the segment.
const LEAST_BUYERS: u64 = 3;
const LEAST_SHARE: f64 = 0.02;

/// The products of each segment; none where files do not say what was bought.
///
/// # Errors
/// When a frame cannot be read.
pub async fn top(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &ReplacedOrders,
    grouped: &Grouped,
) -> Result<Vec<Vec<TopProduct>>> {
    let sold = sold(frames, datasets, replaced, Name::Product).await?;
    let best = best(sold, BEST);
    let mut sales = Sales::new(grouped, best.len());
    let shoppers: Vec<&str> = grouped.table.shoppers.iter().map(String::as_str).collect();
    visit(frames, datasets, replaced, Name::Product, &best, &shoppers, |sale| sales.add(sale)).await?;
    Ok(sales.listed(&best))
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
