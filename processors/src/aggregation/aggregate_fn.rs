//! How totals are made of values. Each way is associative and commutative, so values may come in any order.

/// How two values of a total become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Their sum; the values are not negative, and a sum that overflows stays `i64::MAX`.
    Sum,
    /// The lesser one.
    Min,
    /// The greater one.
    Max,
}

impl Fold {
    fn apply(self, one: i64, other: i64) -> i64 {
        match self {
            Self::Sum => one.saturating_add(other),
            Self::Min => one.min(other),
            Self::Max => one.max(other),
        }
    }
}

/// Folds values into a total.
pub fn fold<const N: usize>(folds: &[Fold; N], total: &mut [i64; N], values: &[i64; N]) {
    for (index, fold) in folds.iter().enumerate() {
        total[index] = fold.apply(total[index], values[index]);
    }
}
