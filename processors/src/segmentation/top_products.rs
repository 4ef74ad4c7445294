//! What segments buy: of the best-selling products those that a segment buys more than others do.

use anyhow::Result;
use domain::report::TopProduct;
use projections::Frames;

use super::input::ReportDataset;
use super::load::replaced_orders::ReplacedOrders;
use super::load::sales::{ItemKey, Sale, best, sold, visit};
use super::pipeline::Segmentation;

/// How many products a segment lists.
const LISTED: usize = 5;
/// How many products are looked at: the best-selling ones of the report.
const BEST: usize = 100;
/// The buyers that a product needs in a segment, at least, and as a share of the segment.
const MIN_BUYERS_OF_PRODUCT: u64 = 3;
const MIN_SHARE: f64 = 0.02;

/// The products of each segment; none where files do not say what was bought.
///
/// # Errors
/// When a frame cannot be read.
pub(crate) async fn top_products(
    frames: &Frames,
    datasets: &[&ReportDataset],
    replaced: &ReplacedOrders,
    segmentation: &Segmentation,
) -> Result<Vec<Vec<TopProduct>>> {
    let sold = sold(frames, datasets, replaced, ItemKey::Product).await?;
    let best = best(sold, BEST);
    let mut sales = SegmentSales::new(segmentation, best.len());
    let shoppers: Vec<&str> = segmentation.table.shoppers.iter().map(String::as_str).collect();
    visit(frames, datasets, replaced, ItemKey::Product, &best, &shoppers, |sale| sales.add(sale)).await?;
    Ok(sales.listed(&best))
}

/// Sales by segment and product.
struct SegmentSales<'a> {
    segmentation: &'a Segmentation,
    products: usize,
    /// Quantity and revenue by segment and product.
    sums: Vec<[i128; 2]>,
    /// Whether a shopper bought a product: a bit each, product after product.
    bought: Vec<u64>,
    words: usize,
}

impl<'a> SegmentSales<'a> {
    fn new(segmentation: &'a Segmentation, products: usize) -> Self {
        let words = segmentation.table.count().div_ceil(64);
        let sums = vec![[0; 2]; segmentation.result.segments.len() * products];
        Self { segmentation, products, sums, bought: vec![0; products * words], words }
    }

    fn add(&mut self, sale: Sale) {
        let (shopper, product) = (sale.shopper as usize, sale.item as usize);
        self.bought[product * self.words + shopper / 64] |= 1 << (shopper % 64);
        if let Some(segment) = self.segmentation.segments[shopper] {
            let [quantity, revenue] = &mut self.sums[segment as usize * self.products + product];
            *quantity += i128::from(sale.quantity);
            *revenue += i128::from(sale.revenue);
        }
    }

    fn listed(&self, names: &[String]) -> Vec<Vec<TopProduct>> {
        let segments = &self.segmentation.result.segments;
        // Of each product, the buyers in all and in each segment.
        let buyers: Vec<(u64, Vec<u64>)> = (0..self.products).map(|product| self.buyers(product)).collect();
        let all = self.segmentation.table.count() as f64;
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
        let mut of_segment = vec![0; self.segmentation.result.segments.len()];
        let bits = &self.bought[product * self.words..][..self.words];
        for (word, bits) in bits.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let shopper = word * 64 + bits.trailing_zeros() as usize;
                if let Some(segment) = self.segmentation.segments[shopper] {
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
        product.buyers.is_some_and(|buyers| buyers >= MIN_BUYERS_OF_PRODUCT && buyers as f64 >= MIN_SHARE * size)
    };
    let lift = |product: &TopProduct| product.lift.unwrap_or_default();
    products.sort_by(|a, b| {
        let by_lift = lift(b).total_cmp(&lift(a)).then(b.revenue.total_cmp(&a.revenue));
        enough(b).cmp(&enough(a)).then(by_lift).then(a.product.cmp(&b.product))
    });
    products.truncate(LISTED);
    products
}
