//! What one column says about the others: a file is written with one decimal mark and one order of day and month, and
//! where a column leaves it open, the others decide.

use domain::csv_dialect::{DateOrder, DecimalMark, DialectChoice};

use crate::csv::columns::type_counts::Census;
use crate::csv::values::kinds::{Kinds, Mark, Order};

/// What the columns of a file say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    mark: Option<Mark>,
    order: Option<Order>,
    /// A person said it: nothing else is tried.
    pub is_mark_chosen: bool,
    /// The same for the order.
    pub is_order_chosen: bool,
}

impl Evidence {
    /// What all columns say, unless a person chose.
    pub fn of<'a>(columns: impl Iterator<Item = &'a Census> + Clone, choice: &DialectChoice) -> Self {
        let marks = || columns.clone().filter_map(sure_mark);
        let orders = || columns.clone().filter_map(sure_order);
        let chosen_mark = choice.decimal_mark.map(|mark| match mark {
            DecimalMark::Dot => Mark::Dot,
            DecimalMark::Comma => Mark::Comma,
        });
        let chosen_order = choice.date_order.map(|order| match order {
            DateOrder::DayMonthYear => Order::DayMonthYear,
            DateOrder::MonthDayYear => Order::MonthDayYear,
        });
        Self {
            mark: chosen_mark.or_else(|| most(marks(), Mark::Dot, Mark::Comma)),
            order: chosen_order.or_else(|| most(orders(), Order::DayMonthYear, Order::MonthDayYear)),
            is_mark_chosen: chosen_mark.is_some(),
            is_order_chosen: chosen_order.is_some(),
        }
    }

    /// The marks to try, the likelier first, given what the column itself makes likely.
    pub fn marks(self, likely: [Mark; 2]) -> impl Iterator<Item = Mark> {
        let all = match self.mark {
            Some(mark) if mark != likely[0] => [likely[1], likely[0]],
            _ => likely,
        };
        all.into_iter().take(if self.is_mark_chosen { 1 } else { 2 })
    }

    /// The orders to try, the likelier first.
    pub fn orders(self) -> impl Iterator<Item = Order> {
        let [iso, days, months] = Order::ALL;
        let all = if self.order == Some(months) { [iso, months, days] } else { [iso, days, months] };
        all.into_iter().take(if self.is_order_chosen { 2 } else { 3 })
    }
}

/// The mark that the numbers of a column must have.
fn sure_mark(census: &Census) -> Option<Mark> {
    let (dot, comma) = (census.fitting(Kinds::DOT), census.fitting(Kinds::COMMA));
    sure(census.total(), (dot, Mark::Dot), (comma, Mark::Comma))
}

/// The order that the dates of a column must have.
fn sure_order(census: &Census) -> Option<Order> {
    let fitting = |order| (census.fitting(Kinds::moment(order)), order);
    sure(census.total(), fitting(Order::DayMonthYear), fitting(Order::MonthDayYear))
}

/// Which of two readings fits nearly all cells, when the other fits fewer.
fn sure<T>(total: u64, one: (u64, T), other: (u64, T)) -> Option<T> {
    let (best, less) = if one.0 >= other.0 { (one, other.0) } else { (other, one.0) };
    (best.0 > less && best.0 * 10 >= total * 9).then_some(best.1)
}

fn most<T: PartialEq>(said: impl Iterator<Item = T>, one: T, other: T) -> Option<T> {
    let (mut ones, mut others) = (0, 0);
    said.for_each(|value| if value == one { ones += 1 } else { others += 1 });
    match ones.cmp(&others) {
        std::cmp::Ordering::Greater => Some(one),
        std::cmp::Ordering::Less => Some(other),
        std::cmp::Ordering::Equal => None,
    }
}
