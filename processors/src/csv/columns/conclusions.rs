//! What the columns of a file tell about its dates and numbers, and how sure that is. Where all leave it open, a person is
//! asked.

use domain::csv_dialect::{DateOrder, DecimalMark, Finding, Question};

use crate::csv::columns::locale_inference::Evidence;
use crate::csv::columns::plan::ColumnPlan;
use crate::csv::columns::type_counts::Census;
use crate::csv::values::kinds::{Kinds, Mark, Order, Reading};

/// How sure something is that another column says, and that nobody says.
const SAID_ELSEWHERE: f64 = 0.9;
const ASSUMED: f64 = 0.5;

/// What was found out about dates and numbers, and what is left open.
pub struct Conclusions {
    /// The order of day and month, where there are such dates.
    pub date_order: Option<Finding<DateOrder>>,
    /// The decimal mark, where there are such numbers.
    pub decimal_mark: Option<Finding<DecimalMark>>,
    /// What a person is asked.
    pub questions: Vec<Question>,
}

/// Draws the conclusions from how the columns were read.
pub fn conclusions(plan: &[ColumnPlan], censuses: &[Option<Census>], evidence: Evidence) -> Conclusions {
    let columns = || plan.iter().zip(censuses).filter_map(|(plan, census)| Some((plan, census.as_ref()?)));
    let dated = columns().filter_map(|(plan, census)| match plan.reading {
        Reading::Date(order) | Reading::Timestamp(order) if order != Order::YearMonthDay => {
            let kinds = [Order::DayMonthYear, Order::MonthDayYear].map(Kinds::moment);
            Some((plan, date_order(order), is_open(census, kinds)))
        }
        _ => None,
    });
    let marked = columns().filter_map(|(plan, census)| match plan.reading {
        Reading::Decimal(mark) => Some((plan, decimal_mark(mark), is_open(census, [Kinds::DOT, Kinds::COMMA]))),
        _ => None,
    });
    let (date_order, date_columns) = conclusion(dated, evidence.is_order_chosen);
    let (decimal_mark, mark_columns) = conclusion(marked, evidence.is_mark_chosen);
    let mut questions = Vec::new();
    questions.extend(date_order.as_ref().and_then(|found| date_question(found.value, date_columns)));
    questions.extend(decimal_mark.as_ref().and_then(|found| mark_question(found.value, mark_columns)));
    Conclusions { date_order, decimal_mark, questions }
}

/// What the columns say together, and the columns that leave it open when all of them do.
fn conclusion<'a, T: Copy + PartialEq>(
    columns: impl Iterator<Item = (&'a ColumnPlan, T, bool)>,
    is_chosen: bool,
) -> (Option<Finding<T>>, Vec<String>) {
    let columns: Vec<_> = columns.collect();
    let closed = columns.iter().find(|(_, _, is_open)| !is_open).map(|(_, value, _)| *value);
    let Some(value) = closed.or_else(|| columns.first().map(|(_, value, _)| *value)) else { return (None, vec![]) };
    if is_chosen {
        return (Some(Finding::chosen(value)), vec![]);
    }
    if closed.is_none() {
        let names = columns.iter().map(|(plan, ..)| plan.name.clone()).collect();
        return (Some(Finding::detected(value, ASSUMED)), names);
    }
    let agreeing = columns.iter().filter(|(_, other, is_open)| *other == value && !is_open).count();
    let share = agreeing as f64 / columns.len() as f64;
    (Some(Finding::detected(value, SAID_ELSEWHERE + (1.0 - SAID_ELSEWHERE) * share)), vec![])
}

/// Whether the cells of a column can be read in both ways, and not to the same end.
fn is_open(census: &Census, [one, other]: [Kinds; 2]) -> bool {
    census.fitting(one) == census.fitting(other) && census.fitting(Kinds::SAME) < census.total()
}

fn date_question(assumed: DateOrder, columns: Vec<String>) -> Option<Question> {
    let (read, other) = match assumed {
        DateOrder::DayMonthYear => ("day first", "the month"),
        DateOrder::MonthDayYear => ("month first", "the day"),
    };
    let text = format!(
        "Every date in {} can be read with the day or the month first. They were read {read}; choose the date order if \
         {other} comes first.",
        listed(&columns)
    );
    (!columns.is_empty()).then_some(Question { about: "date_order".into(), columns, text })
}

fn mark_question(assumed: DecimalMark, columns: Vec<String>) -> Option<Question> {
    let (read, other) = match assumed {
        DecimalMark::Dot => ("the dot as the decimal mark", "the comma"),
        DecimalMark::Comma => ("the comma as the decimal mark", "the dot"),
    };
    let text = format!(
        "Every number in {} can be read with the dot or the comma as the decimal mark. They were read with {read}; choose \
         the decimal mark if it is {other}.",
        listed(&columns)
    );
    (!columns.is_empty()).then_some(Question { about: "decimal_mark".into(), columns, text })
}

fn listed(columns: &[String]) -> String {
    columns.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

fn date_order(order: Order) -> DateOrder {
    if order == Order::MonthDayYear { DateOrder::MonthDayYear } else { DateOrder::DayMonthYear }
}

fn decimal_mark(mark: Mark) -> DecimalMark {
    match mark {
        Mark::Dot => DecimalMark::Dot,
        Mark::Comma => DecimalMark::Comma,
    }
}

#[cfg(test)]
mod tests {
    use domain::csv_dialect::DialectChoice;

    use super::*;
    use crate::csv::columns::traits::Traits;
    use crate::csv::values::recognise::kinds;

    #[test]
    fn one_column_decides_for_the_others() {
        let found = read(&["03/04/2020 05/06/2020", "12/25/2020", "x"]);
        assert_eq!(found.0[0], Reading::Date(Order::MonthDayYear));
        assert_eq!((found.1.date_order.unwrap().value, found.1.questions.len()), (DateOrder::MonthDayYear, 0));
        let found = read(&["1,234 5,678", "2,5 3,75"]);
        assert_eq!(found.0[0], Reading::Decimal(Mark::Comma));
    }

    #[test]
    fn what_all_leave_open_is_asked() {
        let (_, found) = read(&["03/04/2020 05/06/2020", "1 2"]);
        assert_eq!(found.date_order, Some(Finding::detected(DateOrder::DayMonthYear, 0.5)));
        assert_eq!((found.questions.len(), found.questions[0].columns[0].as_str()), (1, "column 0"));
        assert!(found.questions[0].text.contains("'column 0'") && found.decimal_mark.is_none());
        assert_eq!(read(&["1.234 5.678"]).1.questions[0].about, "decimal_mark");
    }

    #[test]
    fn what_is_the_same_either_way_is_not_asked() {
        assert!(read(&["€5 €7", "1 2.50", "2020-03-04", "3-Mar-2020 4-Apr-2020"]).1.questions.is_empty());
    }

    #[test]
    fn a_person_decides() {
        let choice = DialectChoice { date_order: Some(DateOrder::MonthDayYear), ..DialectChoice::default() };
        let (readings, found) = read_with(&["03/04/2020", "25/12/2020"], &choice);
        assert_eq!(readings, [Reading::Date(Order::MonthDayYear), Reading::Text]);
        assert_eq!((found.date_order, found.questions.len()), (Some(Finding::chosen(DateOrder::MonthDayYear)), 0));
    }

    fn read(columns: &[&str]) -> (Vec<Reading>, Conclusions) {
        read_with(columns, &DialectChoice::default())
    }

    fn read_with(columns: &[&str], choice: &DialectChoice) -> (Vec<Reading>, Conclusions) {
        let traits = Traits { measure: None, is_identifier: false, comma_separates: true };
        let censuses: Vec<Option<Census>> = columns.iter().map(|cells| Some(census(cells))).collect();
        let evidence = Evidence::of(censuses.iter().flatten(), choice);
        let plan = |(place, census): (usize, &Option<Census>)| {
            let plan =
                ColumnPlan { name: format!("column {place}"), traits, reading: Reading::Text, counts_text: true };
            plan.settled(census.as_ref(), evidence)
        };
        let plan: Vec<ColumnPlan> = censuses.iter().enumerate().map(plan).collect();
        (plan.iter().map(|plan| plan.reading).collect(), conclusions(&plan, &censuses, evidence))
    }

    fn census(cells: &str) -> Census {
        let mut census = Census::default();
        cells.split(' ').for_each(|cell| census.add(kinds(cell.as_bytes())));
        census
    }
}
