//! Recognises what a cell is: nothing, a truth value, a number, a date. Each kind of value is read by a file of its own.

use crate::csv::values::kinds::Kinds;
use crate::csv::values::{datetime, number};

/// Every kind that a cell fits; the cell is trimmed and not null.
pub(crate) fn kinds(cell: &[u8]) -> Kinds {
    let boolean = if boolean(cell).is_some() { Kinds::BOOLEAN } else { Kinds::NONE };
    boolean.and(number::kinds(cell)).and(datetime::kinds(cell))
}

/// What programs write where there is no value: databases, spreadsheets, statistics.
const NULLS: [&[u8]; 21] = [
    b"NA", b"N/A", b"n/a", b"#N/A", b"NaN", b"nan", b"NAN", b"NULL", b"null", b"Null", b"None", b"NONE", b"nil",
    b"NIL", b"\\N", b"(null)", b"<NA>", b"<null>", b"NaT", b"#NULL!", b"#N/D",
];

/// Whether a trimmed cell says that there is no value.
pub(crate) fn is_null(cell: &[u8]) -> bool {
    match cell {
        [] | b"-" => true,
        [b'0'..=b'9', ..] => false,
        // Most cells are told from the tokens by their first byte.
        [b'N' | b'n' | b'#' | b'\\' | b'(' | b'<', ..] if cell.len() <= 7 => NULLS.contains(&cell),
        _ => false,
    }
}

/// Reads a truth value, in English or Spanish.
pub(crate) fn boolean(cell: &[u8]) -> Option<bool> {
    let is = |word: &str| cell.eq_ignore_ascii_case(word.as_bytes());
    if !(2..=9).contains(&cell.len())
        || !matches!(cell[0], b't' | b'T' | b'y' | b'Y' | b's' | b'S' | b'v' | b'V' | b'f' | b'F' | b'n' | b'N')
    {
        return None;
    }
    if is("true") || is("yes") || is("si") || is("sí") || is("sÍ") || is("verdadero") {
        return Some(true);
    }
    (is("false") || is("no") || is("falso")).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::values::kinds::DatePartOrder;

    #[test]
    fn numbers_are_not_truth_values() {
        assert_eq!(["0", "1", "y", "verdad"].map(|cell| boolean(cell.as_bytes())), [None; 4]);
        assert_eq!(["Sí", "SÍ", "YES", "True", "VERDADERO"].map(|cell| boolean(cell.as_bytes())), [Some(true); 5]);
    }

    #[test]
    fn only_a_dash_alone_is_null() {
        assert!(["-", "", "None", "#N/A", "\\N", "(null)"].into_iter().all(|cell| is_null(cell.as_bytes())));
        assert!(!is_null(b"--") && !is_null(b"0") && !is_null(b"none of these"));
    }

    #[test]
    fn a_cell_may_fit_several_kinds() {
        let fits = |cell: &str, kind| kinds(cell.as_bytes()).fits(kind);
        assert!(fits("5", Kinds::INTEGER) && fits("5", Kinds::DOT) && fits("5", Kinds::COMMA));
        assert!(
            fits("03/04/2020", Kinds::date(DatePartOrder::DayMonthYear))
                && fits("03/04/2020", Kinds::date(DatePartOrder::MonthDayYear))
        );
        assert!(
            !fits("03/14/2020", Kinds::date(DatePartOrder::DayMonthYear))
                && fits("03/14/2020", Kinds::datetime(DatePartOrder::MonthDayYear))
        );
        assert_eq!(kinds(b"WHITE LANTERN"), Kinds::NONE);
    }
}
