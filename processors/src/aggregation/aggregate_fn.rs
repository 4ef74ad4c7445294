//! How totals are made of values. Each way is associative and commutative, so values may come in any order.

/// How two values of a total become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AggregateFn {
    /// Their sum; the values are not negative, and a sum that overflows stays `i64::MAX`.
    Sum,
    /// The lesser one.
    Min,
    /// The greater one.
    Max,
}

impl AggregateFn {
    fn apply(self, a: i64, b: i64) -> i64 {
        match self {
            Self::Sum => a.saturating_add(b),
            Self::Min => a.min(b),
            Self::Max => a.max(b),
        }
    }
}

/// Folds values into a total.
pub(crate) fn combine<const N: usize>(functions: &[AggregateFn; N], total: &mut [i64; N], values: &[i64; N]) {
    for (index, function) in functions.iter().enumerate() {
        total[index] = function.apply(total[index], values[index]);
    }
}
