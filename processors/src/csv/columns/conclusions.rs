//! What the columns of a file tell about its dates and numbers, and how sure that is. Where all leave it open, a person is
//! asked.

use domain::csv_dialect::{DateOrder, DecimalMark, Finding, Question};

use crate::csv::columns::locale_inference::InferredLocale;
use crate::csv::columns::plan::ColumnPlan;
use crate::csv::columns::type_counts::TypeCounts;
use crate::csv::values::kinds::{CellFormat, DatePartOrder, Kinds};

/// How sure something is that another column says, and that nobody says.
const SAID_ELSEWHERE: f64 = 0.9;
const ASSUMED: f64 = 0.5;

/// What was found out about dates and numbers, and what is left open.
pub(crate) struct Conclusions {
    /// The order of day and month, where there are such dates.
    pub(crate) date_order: Option<Finding<DateOrder>>,
    /// The decimal mark, where there are such numbers.
    pub(crate) decimal_mark: Option<Finding<DecimalMark>>,
    /// What a person is asked.
    pub(crate) questions: Vec<Question>,
}

/// Draws the conclusions from how the columns were read.
pub(crate) fn conclusions(
    plan: &[ColumnPlan],
    type_counts: &[Option<TypeCounts>],
    locale: InferredLocale,
) -> Conclusions {
    let columns = || plan.iter().zip(type_counts).filter_map(|(plan, counts)| Some((plan, counts.as_ref()?)));
    let dated = columns().filter_map(|(plan, counts)| match plan.cell_format {
        CellFormat::Date(order) | CellFormat::Timestamp(order) if order != DatePartOrder::YearMonthDay => {
            let kinds = [DatePartOrder::DayMonthYear, DatePartOrder::MonthDayYear].map(Kinds::datetime);
            Some((plan, date_order(order), is_open(counts, kinds)))
        }
        _ => None,
    });
    let marked = columns().filter_map(|(plan, counts)| match plan.cell_format {
        CellFormat::Decimal(mark) => Some((plan, mark, is_open(counts, [Kinds::DOT, Kinds::COMMA]))),
        _ => None,
    });
    let (date_order, date_columns) = conclusion(dated, locale.is_order_chosen);
    let (decimal_mark, mark_columns) = conclusion(marked, locale.is_mark_chosen);
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
fn is_open(counts: &TypeCounts, [a, b]: [Kinds; 2]) -> bool {
    counts.fitting(a) == counts.fitting(b) && counts.fitting(Kinds::SAME) < counts.total()
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

fn date_order(order: DatePartOrder) -> DateOrder {
    if order == DatePartOrder::MonthDayYear { DateOrder::MonthDayYear } else { DateOrder::DayMonthYear }
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
        assert_eq!(found.0[0], CellFormat::Date(DatePartOrder::MonthDayYear));
        assert_eq!((found.1.date_order.unwrap().value, found.1.questions.len()), (DateOrder::MonthDayYear, 0));
        let found = read(&["1,234 5,678", "2,5 3,75"]);
        assert_eq!(found.0[0], CellFormat::Decimal(DecimalMark::Comma));
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
        let (cell_formats, found) = read_with(&["03/04/2020", "25/12/2020"], &choice);
        assert_eq!(cell_formats, [CellFormat::Date(DatePartOrder::MonthDayYear), CellFormat::Text]);
        assert_eq!((found.date_order, found.questions.len()), (Some(Finding::chosen(DateOrder::MonthDayYear)), 0));
    }

    fn read(columns: &[&str]) -> (Vec<CellFormat>, Conclusions) {
        read_with(columns, &DialectChoice::default())
    }

    fn read_with(columns: &[&str], choice: &DialectChoice) -> (Vec<CellFormat>, Conclusions) {
        let traits = Traits { measure: None, is_identifier: false, comma_separates: true };
        let type_counts: Vec<Option<TypeCounts>> = columns.iter().map(|cells| Some(counts(cells))).collect();
        let locale = InferredLocale::of(type_counts.iter().flatten(), choice);
        let plan = |(index, counts): (usize, &Option<TypeCounts>)| {
            let plan = ColumnPlan {
                name: format!("column {index}"),
                traits,
                cell_format: CellFormat::Text,
                counts_text: true,
            };
            plan.settled(counts.as_ref(), locale)
        };
        let plan: Vec<ColumnPlan> = type_counts.iter().enumerate().map(plan).collect();
        (plan.iter().map(|plan| plan.cell_format).collect(), conclusions(&plan, &type_counts, locale))
    }

    fn counts(cells: &str) -> TypeCounts {
        let mut counts = TypeCounts::default();
        cells.split(' ').for_each(|cell| counts.add(kinds(cell.as_bytes())));
        counts
    }
}
