//! The frames that are made of purchases: orders, shoppers, sales and items.

mod frame_writer;
mod sales_writer;

use anyhow::{Result, anyhow};
use domain::DatasetId;
use domain::dataset::{Shape, ShopperSummary};
use futures::future::{join_all, try_join_all};
use projections::frames::{FrameId, Frames};
use tokio::task::spawn_blocking;

use crate::aggregation::aggregate_fn::{AggregateFn, combine};
use crate::aggregation::order_lines::{OrderLine, merge_by_item};
use crate::aggregation::order_values;
use crate::aggregation::orders::OrderTotals;
use crate::aggregation::purchase_frames::frame_writer::FrameWriter;
use crate::aggregation::purchase_frames::sales_writer::SalesWriter;
use crate::aggregation::purchase_rows::MICROS;
use crate::lock::lock;

const TOO_LARGE: &str =
    "The amounts are too large to be added exactly. Check the columns of quantity, unit price and amount.";
const NO_PURCHASE: &str = "No row is a purchase: none has a shopper, a time, a quantity and a price above zero. Check the roles \
                           of the columns.";

/// Stores the frames of purchases and sums them up, or says in a sentence why that cannot be.
///
/// # Errors
/// When they cannot be stored.
pub(crate) async fn store(
    mut purchases: OrderTotals,
    frames: &Frames,
    dataset: DatasetId,
    revision: u32,
) -> Result<Result<ShopperSummary, String>> {
    let ids = [FrameId::orders, FrameId::shoppers, FrameId::sales, FrameId::items].map(|id| id(dataset, revision));
    let (senders, receivers): (Vec<_>, Vec<_>) = ids.iter().map(|_| frame_writer::channel()).unzip();
    let adding = spawn_blocking(move || PurchaseFrames::new(senders)?.add(&mut purchases));
    let storing = ids.iter().zip(receivers).map(|(id, batches)| frame_writer::store(frames, id, batches));
    let (summary, manifests) = tokio::join!(adding, join_all(storing));
    let manifests = manifests.into_iter().collect::<Result<Vec<_>>>()?;
    let summary = summary??;
    if summary.is_ok() {
        let finishing = ids.iter().zip(&manifests).map(|(id, manifest)| frames.finish(id, manifest));
        try_join_all(finishing).await?;
    }
    Ok(summary)
}

/// The sums over all shoppers.
#[derive(Default)]
struct DatasetTotals {
    shoppers: u64,
    orders: u64,
    lines: u64,
    revenue: i128,
    overflowed: bool,
}

impl DatasetTotals {
    fn summary(self) -> Result<ShopperSummary, String> {
        if self.overflowed {
            return Err(TOO_LARGE.to_owned());
        }
        if self.shoppers == 0 {
            return Err(NO_PURCHASE.to_owned());
        }
        Ok(ShopperSummary {
            shape: Shape::Purchases,
            shopper_count: self.shoppers,
            order_count: self.orders,
            purchase_row_count: self.lines,
            revenue: self.revenue as f64 / MICROS,
        })
    }
}

/// The frames that are made of purchases.
struct PurchaseFrames {
    orders: FrameWriter,
    shoppers: FrameWriter,
    sales: SalesWriter,
    items: FrameWriter,
}

impl PurchaseFrames {
    fn new(senders: Vec<frame_writer::Sender>) -> Result<Self> {
        let [orders, shoppers, sales, items] = senders.try_into().map_err(|_| anyhow!("a frame has no channel"))?;
        let of_order = ["spend", "quantity", "lines", "returns", "returned"];
        let of_shopper = ["orders", "spend", "quantity", "lines", "returns", "returned"];
        Ok(Self {
            orders: FrameWriter::new(&["shopper", "order"], &["time", "last_purchase"], &of_order, orders),
            shoppers: FrameWriter::new(&["shopper"], &["first_purchase", "last_purchase"], &of_shopper, shoppers),
            sales: SalesWriter::new(sales),
            items: FrameWriter::new(&["product", "category"], &[], &["quantity", "revenue"], items),
        })
    }

    /// Orders come sorted by shopper, so a shopper is complete when the next one comes. Sales name shopper, order and
    /// item by their rows in the other frames.
    fn add(mut self, purchases: &mut OrderTotals) -> Result<Result<ShopperSummary, String>> {
        let items = lock(&purchases.items);
        let (ranks, names) = items.sorted();
        let (mut sold, mut bought) = (vec![[0_i64; 2]; names.len()], Vec::new());
        let (mut totals, mut shopper) = (DatasetTotals::default(), ShopperOrders::new(&[]));
        let (mut shoppers, mut orders) = (0_u32, 0_u32);
        purchases.orders.for_each(|name, order, values, lines| {
            if name != shopper.name.as_slice() {
                shoppers += u32::from(shopper.finish(&mut self.shoppers, &mut totals)?);
                shopper = ShopperOrders::new(name);
            }
            shopper.add(values);
            self.add_order(name, order, values)?;
            bought.clear();
            let known = lines.iter().filter(|_| !ranks.is_empty());
            bought.extend(known.map(|line| OrderLine { item: ranks[line.item as usize], ..*line }));
            merge_by_item(&mut bought);
            for line in &bought {
                self.sales.add(shoppers, orders, line)?;
                combine(&[AggregateFn::Sum; 2], &mut sold[line.item as usize], &line.values);
            }
            orders += 1;
            Ok(())
        })?;
        shopper.finish(&mut self.shoppers, &mut totals)?;
        for ((product, category), sold) in names.iter().zip(&sold) {
            self.items.add(&[product, category], &[], sold)?;
            totals.overflowed |= sold.contains(&i64::MAX);
        }
        self.sales.finish()?;
        [self.orders, self.shoppers, self.items].into_iter().try_for_each(FrameWriter::finish)?;
        Ok(totals.summary())
    }

    fn add_order(&mut self, shopper: &[u8], order: &[u8], values: &[i64; 8]) -> Result<()> {
        let [first, last, time, spend, quantity, lines, returns, returned] = *values;
        let times = if lines > 0 { [Some(first), Some(last)] } else { [Some(time), None] };
        self.orders.add(&[shopper, order], &times, &[spend, quantity, lines, returns, returned])
    }
}

/// One shopper's orders added up.
struct ShopperOrders {
    name: Vec<u8>,
    orders: i64,
    values: [i64; 8],
}

impl ShopperOrders {
    fn new(name: &[u8]) -> Self {
        Self { name: name.to_vec(), orders: 0, values: [i64::MAX, i64::MIN, i64::MAX, 0, 0, 0, 0, 0] }
    }

    fn add(&mut self, order: &[i64; 8]) {
        self.orders += i64::from(order[order_values::LINES] > 0);
        combine(&order_values::FUNCTIONS, &mut self.values, order);
    }

    /// Adds its row, if it is a shopper, and says so.
    fn finish(&self, rows: &mut FrameWriter, totals: &mut DatasetTotals) -> Result<bool> {
        if self.name.is_empty() {
            return Ok(false);
        }
        let [first, last, _, spend, quantity, lines, returns, returned] = self.values;
        let bought = |time| (lines > 0).then_some(time);
        totals.shoppers += u64::from(lines > 0);
        totals.orders += self.orders as u64;
        totals.lines += lines as u64;
        totals.revenue += i128::from(spend);
        totals.overflowed |= [spend, quantity, returned].contains(&i64::MAX);
        rows.add(
            &[&self.name],
            &[bought(first), bought(last)],
            &[self.orders, spend, quantity, lines, returns, returned],
        )?;
        Ok(true)
    }
}
