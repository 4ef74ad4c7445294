//! What one shopper bought, added up.

/// The purchases of one shopper. Merging is exact, so its order does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PurchaseTotals {
    /// The first one, in microseconds since 1970; `i64::MAX` without one.
    pub first: i64,
    /// The last one; `i64::MIN` without one.
    pub last: i64,
    /// How many orders.
    pub orders: i64,
    /// The sum of their amounts in micros.
    pub spend: i64,
    /// The pieces in them, in micros.
    pub quantity: i64,
    /// Rows that are purchases.
    pub lines: i64,
    /// Rows that took something back.
    pub returns: i64,
}

impl PurchaseTotals {
    /// The purchases of nobody.
    pub(crate) const NONE: Self =
        Self { first: i64::MAX, last: i64::MIN, orders: 0, spend: 0, quantity: 0, lines: 0, returns: 0 };

    /// The sums of both; none when one is too large.
    pub(crate) fn merge(self, other: Self) -> Option<Self> {
        Some(Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            orders: self.orders.checked_add(other.orders)?,
            spend: self.spend.checked_add(other.spend)?,
            quantity: self.quantity.checked_add(other.quantity)?,
            lines: self.lines.checked_add(other.lines)?,
            returns: self.returns.checked_add(other.returns)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merging_does_not_depend_on_the_order(parts in prop::collection::vec((0..1_000_i64, 1..9_i64, 0..1_000_i64), 3)) {
            let [one, two, three] = [0, 1, 2].map(|index: usize| {
                let (time, orders, spend) = parts[index];
                PurchaseTotals { first: time, last: time, orders, spend, quantity: orders, lines: orders, returns: 0 }
            });
            let forward = one.merge(two).unwrap().merge(three);
            prop_assert_eq!(forward, three.merge(one).unwrap().merge(two));
            prop_assert_eq!(forward, one.merge(two.merge(three).unwrap()));
            prop_assert_eq!(one.merge(PurchaseTotals::NONE), Some(one));
        }
    }
}
