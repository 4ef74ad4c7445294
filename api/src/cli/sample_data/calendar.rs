//! When who orders how much: every order of the year, in the order of time, and what is in it.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::catalogue::{CATEGORIES, PER_CATEGORY, Product};
use super::plan::Plan;
use super::shopper_kinds::{ShopperKind, triangular};

const DAY: u32 = 24 * 60 * 60;
const YEAR: u32 = 365 * DAY;
const OPENS: u32 = 9 * 60 * 60;
const CLOSES: u32 = 20 * 60 * 60;

/// One receipt.
#[derive(Clone, Copy)]
pub(super) struct Receipt {
    /// Seconds from the beginning of the year.
    pub(super) second: u32,
    /// Who orders, counted from 0, when known.
    pub(super) shopper: Option<u32>,
    /// Whether it takes back the first line of an earlier order.
    pub(super) is_return: bool,
    kind: ShopperKind,
    /// Says what is in it; an order and its return share it.
    basket: u32,
    line_count: u32,
}

/// All orders of the year, sorted by time; their lines add up to the rows of the plan.
pub(super) fn receipts(plan: &Plan, kinds: &[ShopperKind]) -> Vec<Receipt> {
    let random = &mut Xoshiro256PlusPlus::seed_from_u64(!plan.seed_of_year());
    let mut orders = purchases(kinds, plan.purchase_rows(), random);
    let known = orders.len() as u32;
    let lines_per_order = plan.purchase_rows().div_ceil(u64::from(known.max(1))).max(1);

    let walk_ins = plan.anonymous_rows().div_ceil(lines_per_order) as u32;
    let mut anonymous: Vec<_> = (known..known + walk_ins).map(|basket| walk_in(basket, random)).collect();
    fill(&mut anonymous, plan.anonymous_rows(), random);
    for _ in 0..plan.returned_rows() {
        let bought = orders[random.gen_range(0..known) as usize];
        orders.push(taken_back(bought, random));
    }
    orders.append(&mut anonymous);
    orders.sort_unstable_by_key(|order| (order.second, order.basket));
    orders
}

/// The orders of known shoppers. Each one's last order comes first in the list, so that when there are fewer rows
/// than orders nobody is left out.
fn purchases(kinds: &[ShopperKind], rows: u64, random: &mut impl Rng) -> Vec<Receipt> {
    let mut orders: Vec<_> = (0..).zip(kinds).map(|(shopper, kind)| last_order(shopper, *kind, random)).collect();
    for shopper in 0..kinds.len() {
        let last = orders[shopper];
        for _ in 1..last.kind.order_count(rows, kinds.len() as u64, random) {
            orders.push(earlier_order(last, random));
        }
    }
    orders.truncate(rows as usize);
    for (basket, order) in (0..).zip(&mut orders) {
        order.basket = basket;
    }
    fill(&mut orders, rows, random);
    orders
}

fn last_order(shopper: u32, kind: ShopperKind, random: &mut impl Rng) -> Receipt {
    let quiet_days = triangular(kind.habits().quiet_days, random) as u32;
    let second = YEAR - (quiet_days + 1) * DAY + opening_time(random);
    Receipt { second, shopper: Some(shopper), is_return: false, kind, basket: 0, line_count: 0 }
}

fn earlier_order(last: Receipt, random: &mut impl Rng) -> Receipt {
    let day = last.second / DAY - random.gen_range(0..=last.kind.habits().active_days);
    Receipt { second: day * DAY + opening_time(random), ..last }
}

fn walk_in(basket: u32, random: &mut impl Rng) -> Receipt {
    let second = random.gen_range(0..365) * DAY + opening_time(random);
    let kind = ShopperKind::ALL[random.gen_range(0..ShopperKind::ALL.len() as u32) as usize];
    Receipt { second, shopper: None, is_return: false, kind, basket, line_count: 0 }
}

/// Within two weeks, or at once when the year ends.
fn taken_back(bought: Receipt, random: &mut impl Rng) -> Receipt {
    let later = bought.second + random.gen_range(1..=14) * DAY;
    let second = if later < YEAR { later } else { bought.second + random.gen_range(60..1_800) };
    Receipt { second, is_return: true, ..bought }
}

fn opening_time(random: &mut impl Rng) -> u32 {
    random.gen_range(OPENS..CLOSES)
}

/// Gives each order at least one line and all of them together exactly so many.
fn fill(orders: &mut [Receipt], lines: u64, random: &mut impl Rng) {
    let spare = lines - orders.len() as u64;
    let weights: Vec<u64> = orders.iter().map(|_| random.gen_range(2..=4)).collect();
    let total: u64 = weights.iter().sum();
    let (mut weight_before, mut given) = (0, 0);
    for (order, weight) in orders.iter_mut().zip(weights) {
        weight_before += weight;
        let upto = spare * weight_before / total;
        order.line_count = 1 + (upto - given) as u32;
        given = upto;
    }
}

impl Receipt {
    /// The products and how many pieces of each.
    pub(super) fn lines<'a>(&self, seed: u64, products: &'a [Product]) -> Vec<(&'a Product, u64)> {
        let random = &mut Xoshiro256PlusPlus::seed_from_u64(seed.rotate_left(32) ^ u64::from(self.basket));
        let habits = self.kind.habits();
        let mut cents_left = u64::from(self.line_count) * habits.line_cents * self.generosity() / 100;
        let mut lines = Vec::with_capacity(self.line_count as usize);
        for lines_left in (1..=self.line_count).rev() {
            let product = &products[pick(&habits.tastes, random)];
            let cents = cents_left / u64::from(lines_left) * random.gen_range(60..=140) / 100;
            let quantity = ((cents + product.cents / 2) / product.cents).max(1);
            cents_left = cents_left.saturating_sub(quantity * product.cents);
            lines.push((product, quantity));
        }
        lines.truncate(if self.is_return { 1 } else { lines.len() });
        lines
    }

    /// The store it is bought in: a shopper is faithful to one. Counted from 0.
    pub(super) fn store(&self, stores: usize) -> usize {
        self.shopper.unwrap_or(self.basket) as usize % stores
    }

    /// What this shopper spends beside others of the kind, in per cent.
    fn generosity(&self) -> u64 {
        let own = u64::from(self.shopper.unwrap_or(self.basket));
        triangular(20..=230, &mut Xoshiro256PlusPlus::seed_from_u64(own))
    }
}

/// The index of a product: the category by taste, within it the first are bought most.
fn pick(tastes: &[u32; CATEGORIES], random: &mut impl Rng) -> usize {
    let mut roll = random.gen_range(0..tastes.iter().sum());
    let mut category = 0;
    while roll >= tastes[category] {
        roll -= tastes[category];
        category += 1;
    }
    let mut rank = || random.gen_range(0..PER_CATEGORY as u32);
    category * PER_CATEGORY + rank().min(rank()) as usize
}
