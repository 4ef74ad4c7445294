//! What one column says about the others: a file is written with one decimal mark and one order of day and month, and
//! where a column leaves it open, the others decide.

use domain::csv_dialect::{DateOrder, DecimalMark, DialectChoice};

use crate::csv::columns::type_counts::TypeCounts;
use crate::csv::values::kinds::{DatePartOrder, Kinds};

/// What the columns of a file say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InferredLocale {
    mark: Option<DecimalMark>,
    order: Option<DatePartOrder>,
    /// A person said it: nothing else is tried.
    pub(crate) is_mark_chosen: bool,
    /// The same for the order.
    pub(crate) is_order_chosen: bool,
}

impl InferredLocale {
    /// What all columns say, unless a person chose.
    pub(crate) fn of<'a>(columns: impl Iterator<Item = &'a TypeCounts> + Clone, choice: &DialectChoice) -> Self {
        let (marks, orders) = (columns.clone().filter_map(sure_mark), columns.filter_map(sure_order));
        let chosen_order = choice.date_order.map(|order| match order {
            DateOrder::DayMonthYear => DatePartOrder::DayMonthYear,
            DateOrder::MonthDayYear => DatePartOrder::MonthDayYear,
        });
        Self {
            mark: choice.decimal_mark.or_else(|| most(marks, DecimalMark::Dot, DecimalMark::Comma)),
            order: chosen_order.or_else(|| most(orders, DatePartOrder::DayMonthYear, DatePartOrder::MonthDayYear)),
            is_mark_chosen: choice.decimal_mark.is_some(),
            is_order_chosen: chosen_order.is_some(),
        }
    }

    /// The marks to try, the likelier first, given what the column itself makes likely.
    pub(crate) fn marks(self, likely: [DecimalMark; 2]) -> impl Iterator<Item = DecimalMark> {
        let all = match self.mark {
            Some(mark) if mark != likely[0] => [likely[1], likely[0]],
            _ => likely,
        };
        all.into_iter().take(if self.is_mark_chosen { 1 } else { 2 })
    }

    /// The orders to try, the likelier first.
    pub(crate) fn orders(self) -> impl Iterator<Item = DatePartOrder> {
        let [iso, days, months] = DatePartOrder::ALL;
        let all = if self.order == Some(months) { [iso, months, days] } else { [iso, days, months] };
        all.into_iter().take(if self.is_order_chosen { 2 } else { 3 })
    }
}

/// The mark that the numbers of a column must have.
fn sure_mark(counts: &TypeCounts) -> Option<DecimalMark> {
    let (dot, comma) = (counts.fitting(Kinds::DOT), counts.fitting(Kinds::COMMA));
    sure(counts.total(), (dot, DecimalMark::Dot), (comma, DecimalMark::Comma))
}

/// The order that the dates of a column must have.
fn sure_order(counts: &TypeCounts) -> Option<DatePartOrder> {
    let fitting = |order| (counts.fitting(Kinds::datetime(order)), order);
    sure(counts.total(), fitting(DatePartOrder::DayMonthYear), fitting(DatePartOrder::MonthDayYear))
}

/// Which of two formats fits nearly all cells, when the other fits fewer.
fn sure<T>(total: u64, a: (u64, T), b: (u64, T)) -> Option<T> {
    let (best, less) = if a.0 >= b.0 { (a, b.0) } else { (b, a.0) };
    (best.0 > less && best.0 * 10 >= total * 9).then_some(best.1)
}

fn most<T: PartialEq>(said: impl Iterator<Item = T>, a: T, b: T) -> Option<T> {
    let (mut count_a, mut count_b) = (0, 0);
    said.for_each(|value| if value == a { count_a += 1 } else { count_b += 1 });
    match count_a.cmp(&count_b) {
        std::cmp::Ordering::Greater => Some(a),
        std::cmp::Ordering::Less => Some(b),
        std::cmp::Ordering::Equal => None,
    }
}
