//! The kinds of shoppers and what makes them different: when they came last, how often they come, how much
//! they spend and on what. The numbers keep the kinds apart on the logarithms of recency, frequency and spend.

use std::fmt;
use std::ops::RangeInclusive;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::catalogue::CATEGORIES;
use super::plan::Plan;

/// A kind of shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShopperKind {
    /// Comes all the time, came just now and spends most.
    Champion,
    /// Comes regularly and spends well.
    Regular,
    /// Comes rarely and fills the basket then.
    Occasional,
    /// Came for the first time a short while ago.
    Newcomer,
    /// Used to come for small things and stopped months ago.
    Lapsed,
}

/// How a kind shops.
pub(super) struct Habits {
    /// Share of all shoppers, in per cent.
    share: u64,
    /// Orders in the year, for ten rows per shopper on average.
    orders: u64,
    /// Days between the last purchase and the end of the year.
    pub(super) quiet_days: RangeInclusive<u64>,
    /// Days from the first purchase to the last.
    pub(super) active_days: u32,
    /// What a line of an order costs on average, in cents.
    pub(super) line_cents: u64,
    /// How much each category is liked.
    pub(super) tastes: [u32; CATEGORIES],
}

impl ShopperKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Champion, Self::Regular, Self::Occasional, Self::Newcomer, Self::Lapsed];

    #[rustfmt::skip]
    pub(super) fn habits(self) -> Habits {
        match self {
            Self::Champion => Habits {
                share: 12, orders: 15, quiet_days: 0..=10, active_days: 340, line_cents: 6_000,
                tastes: [1, 1, 1, 2, 3, 5, 8, 3],
            },
            Self::Regular => Habits {
                share: 25, orders: 6, quiet_days: 6..=60, active_days: 300, line_cents: 3_000,
                tastes: [1, 1, 1, 2, 6, 8, 1, 1],
            },
            Self::Occasional => Habits {
                share: 23, orders: 2, quiet_days: 26..=140, active_days: 220, line_cents: 7_000,
                tastes: [1, 1, 1, 6, 1, 1, 2, 8],
            },
            Self::Newcomer => Habits {
                share: 18, orders: 1, quiet_days: 2..=28, active_days: 12, line_cents: 1_000,
                tastes: [6, 8, 2, 2, 1, 1, 0, 0],
            },
            Self::Lapsed => Habits {
                share: 22, orders: 5, quiet_days: 120..=340, active_days: 20, line_cents: 1_000,
                tastes: [4, 1, 9, 2, 1, 1, 0, 0],
            },
        }
    }

    /// Orders of one shopper in the year. More rows per shopper mean both more orders and more lines in each,
    /// so the orders grow with the square root.
    pub(super) fn order_count(self, rows: u64, shoppers: u64, random: &mut impl Rng) -> u64 {
        let growth_thousandths = (rows * 100_000 / shoppers).isqrt();
        let orders = self.habits().orders * growth_thousandths * triangular(450..=1_550, random);
        ((orders + 500_000) / 1_000_000).max(1)
    }
}

impl fmt::Display for ShopperKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Champion => "champion",
            Self::Regular => "regular",
            Self::Occasional => "occasional",
            Self::Newcomer => "newcomer",
            Self::Lapsed => "lapsed",
        })
    }
}

/// A number in a range, the middle more likely than the ends.
pub(super) fn triangular(range: RangeInclusive<u64>, random: &mut impl Rng) -> u64 {
    (random.gen_range(range.clone()) + random.gen_range(range)) / 2
}

/// Of how many shoppers one shops like another kind the year after.
const MOVERS: usize = 5;

/// The kind of each shopper in the year of the plan.
pub(super) fn kinds(plan: &Plan) -> Vec<ShopperKind> {
    let mut kinds = first_kinds(plan);
    for year in 0..plan.years_before() {
        let random = &mut Xoshiro256PlusPlus::seed_from_u64(plan.seed ^ 0x6d6f_7665 ^ u64::from(year));
        let mut shoppers: Vec<usize> = (0..kinds.len()).collect();
        shoppers.shuffle(random);
        for shopper in &shoppers[..kinds.len() / MOVERS] {
            let others: Vec<ShopperKind> =
                ShopperKind::ALL.into_iter().filter(|kind| *kind != kinds[*shopper]).collect();
            kinds[*shopper] = others[random.gen_range(0..others.len() as u32) as usize];
        }
    }
    kinds
}

/// The kind of each shopper in the first year: exact shares in random order.
fn first_kinds(plan: &Plan) -> Vec<ShopperKind> {
    let count = plan.shopper_count();
    let mut kinds = Vec::new();
    let mut share = 0;
    for kind in ShopperKind::ALL {
        share += kind.habits().share;
        kinds.resize((count * share).div_ceil(100) as usize, kind);
    }
    kinds.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(plan.seed));
    kinds
}
