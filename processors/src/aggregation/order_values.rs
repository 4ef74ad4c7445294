//! The values that are added up for each order, by their index: the times of the first and of the last purchase in
//! microseconds since 1970 (`i64::MAX` and `i64::MIN` without one), the time of the first row of any kind, millionths of
//! money, millionths of a piece, rows that are purchases, rows that are not, millionths of the money that was given back.

use crate::aggregation::aggregate_fn::Fold;

/// Rows that are purchases.
pub const LINES: usize = 5;
/// How two values become one.
pub const FOLDS: [Fold; 8] = [Fold::Min, Fold::Max, Fold::Min, Fold::Sum, Fold::Sum, Fold::Sum, Fold::Sum, Fold::Sum];
