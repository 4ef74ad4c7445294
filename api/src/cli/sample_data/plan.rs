//! How much is generated, and for whom.

/// What to generate. The same plan gives the same bytes on any machine.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rows below the header.
    pub rows: u64,
    /// Another seed, other shoppers: files of seeds that differ modulo 1,000 have no shopper in common.
    pub seed: u64,
    /// How many shoppers, at most one for each row with a known shopper; by default a hundredth of the rows,
    /// at least 200 (a tenth of the rows if that is less) and at most 50,000.
    pub shoppers: Option<u32>,
    /// 1 is 2025; in 2, which is 2026, the same shoppers come, and a fifth of them shop like another kind.
    pub year: u32,
}

impl Plan {
    /// Rows bought by nobody known, without `customer_id`: 2 %.
    pub(super) fn anonymous_rows(&self) -> u64 {
        self.rows / 50
    }

    /// Rows that take a purchase back: 2 %.
    pub(super) fn returned_rows(&self) -> u64 {
        self.rows / 50
    }

    /// Rows that are purchases of known shoppers.
    pub(super) fn purchase_rows(&self) -> u64 {
        self.rows - self.anonymous_rows() - self.returned_rows()
    }

    pub(super) fn shopper_count(&self) -> u64 {
        let default = (self.rows / 100).clamp(200, 50_000).min((self.rows / 10).max(1));
        self.shoppers.map_or(default, |shoppers| u64::from(shoppers.max(1))).min(self.purchase_rows())
    }

    /// Years before this one.
    pub(super) fn years_before(&self) -> u32 {
        self.year.saturating_sub(1)
    }

    /// What random numbers of this year begin with.
    pub(super) fn seed_of_year(&self) -> u64 {
        self.seed ^ u64::from(self.years_before()).rotate_right(8)
    }

    /// How `customer_id` names a shopper who is counted from 0.
    pub(super) fn customer_id(&self, shopper: u32) -> u64 {
        (self.seed % 1_000 + 1) * 1_000_000 + u64::from(shopper)
    }
}
