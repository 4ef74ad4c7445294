//! The values that are added up for each order, by their index: the times of the first and of the last purchase in
//! microseconds since 1970 (`i64::MAX` and `i64::MIN` without one), the time of the first row of any kind, millionths of
//! money, millionths of a piece, rows that are purchases, rows that are not, millionths of the money that was given back.

use crate::aggregation::aggregate_fn::AggregateFn;

/// Rows that are purchases.
pub(crate) const LINES: usize = 5;
/// How two values become one.
pub(crate) const FUNCTIONS: [AggregateFn; 8] = [
    AggregateFn::Min,
    AggregateFn::Max,
    AggregateFn::Min,
    AggregateFn::Sum,
    AggregateFn::Sum,
    AggregateFn::Sum,
    AggregateFn::Sum,
    AggregateFn::Sum,
];
