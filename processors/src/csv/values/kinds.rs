//! How a cell may be read: the set of kinds that it fits, and the reading that is chosen for a column.

use arrow::datatypes::{DataType, TimeUnit};
use domain::dataset::ColumnType;

use crate::csv::values::{datetime, number};

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// Fits nothing but text.
    pub const NONE: Self = Self(0);
    /// `true`, `no`, `sí` and the like.
    pub const BOOLEAN: Self = Self(1);
    /// A whole number of 64 bits.
    pub const INTEGER: Self = Self(1 << 1);
    /// A whole number that may end in `.0`.
    pub const WHOLE: Self = Self(1 << 2);
    /// A number whose decimal mark is the dot.
    pub const DOT: Self = Self(1 << 3);
    /// A number whose decimal mark is the comma.
    pub const COMMA: Self = Self(1 << 4);
    /// Read with a decimal dot, its commas separate thousands.
    pub const GROUPED: Self = Self(1 << 5);

    /// A number that is the same with either decimal mark.
    pub const SAME: Self = Self(1 << 14);
    /// A day written `20101201`.
    pub const COMPACT: Self = Self(1 << 12);
    /// Seconds or milliseconds since 1970.
    pub const EPOCH: Self = Self(1 << 13);

    /// A day whose parts are in this order.
    pub const fn date(order: Order) -> Self {
        Self(1 << (6 + order as u16))
    }

    /// A day or a moment whose parts are in this order.
    pub const fn moment(order: Order) -> Self {
        Self(1 << (9 + order as u16))
    }

    /// All kinds of both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of the kinds is in this set.
    pub const fn fits(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }
}

/// The order of day, month and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Year, month, day (ISO 8601).
    YearMonthDay,
    /// Day, month, year.
    DayMonthYear,
    /// Month, day, year.
    MonthDayYear,
}

impl Order {
    /// Every order, the preferred ones first: where days and months cannot be told apart, days come first.
    pub const ALL: [Self; 3] = [Self::YearMonthDay, Self::DayMonthYear, Self::MonthDayYear];
}

/// The decimal mark of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `1.5`; a comma separates thousands.
    Dot,
    /// `1,5`; a dot separates thousands.
    Comma,
}

/// How the cells of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As they are.
    Text,
    /// As `true` or `false`.
    Boolean,
    /// As whole numbers.
    Integer,
    /// As whole numbers that may have been written `17850.0`.
    Identifier,
    /// As numbers.
    Decimal(Mark),
    /// As days.
    Date(Order),
    /// As moments.
    Timestamp(Order),
    /// As days written `20101201`.
    CompactDate,
    /// As seconds or milliseconds since 1970.
    Epoch,
}

impl Reading {
    /// The kind that a cell must have; text takes all and has none.
    pub fn kind(self) -> Kinds {
        match self {
            Self::Text => Kinds::NONE,
            Self::Boolean => Kinds::BOOLEAN,
            Self::Integer => Kinds::INTEGER,
            Self::Identifier => Kinds::WHOLE,
            Self::Decimal(Mark::Dot) => Kinds::DOT,
            Self::Decimal(Mark::Comma) => Kinds::COMMA,
            Self::Date(order) => Kinds::date(order),
            Self::Timestamp(order) => Kinds::moment(order),
            Self::CompactDate => Kinds::COMPACT,
            Self::Epoch => Kinds::EPOCH,
        }
    }

    /// Whether to compare a cell with the one before costs much less than to read it.
    pub fn is_slow(self) -> bool {
        matches!(self, Self::Identifier | Self::Date(_) | Self::Timestamp(_) | Self::CompactDate | Self::Epoch)
    }

    /// The type of the column.
    pub fn column_type(self) -> ColumnType {
        match self {
            Self::Text => ColumnType::Text,
            Self::Boolean => ColumnType::Boolean,
            Self::Integer | Self::Identifier => ColumnType::Integer,
            Self::Decimal(_) => ColumnType::Decimal,
            Self::Date(_) | Self::CompactDate => ColumnType::Date,
            Self::Timestamp(_) | Self::Epoch => ColumnType::Timestamp,
        }
    }
}

/// The Arrow type that a column is stored as.
pub fn arrow_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Decimal => DataType::Float64,
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        ColumnType::Text => DataType::Utf8,
    }
}

/// Every kind that a cell fits; the cell is trimmed and not null.
pub fn kinds(cell: &[u8]) -> Kinds {
    let boolean = if boolean(cell).is_some() { Kinds::BOOLEAN } else { Kinds::NONE };
    boolean.and(number::kinds(cell)).and(datetime::kinds(cell))
}

/// What programs write where there is no value: databases, spreadsheets, statistics.
const NULLS: [&[u8]; 21] = [
    b"NA", b"N/A", b"n/a", b"#N/A", b"NaN", b"nan", b"NAN", b"NULL", b"null", b"Null", b"None", b"NONE", b"nil",
    b"NIL", b"\\N", b"(null)", b"<NA>", b"<null>", b"NaT", b"#NULL!", b"#N/D",
];

/// Whether a trimmed cell says that there is no value.
pub fn is_null(cell: &[u8]) -> bool {
    match cell {
        [] | b"-" => true,
        [b'0'..=b'9', ..] => false,
        // Most cells are told from the tokens by their first byte.
        [b'N' | b'n' | b'#' | b'\\' | b'(' | b'<', ..] if cell.len() <= 7 => NULLS.contains(&cell),
        _ => false,
    }
}

/// Reads a truth value, in English or Spanish.
pub fn boolean(cell: &[u8]) -> Option<bool> {
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
            fits("03/04/2020", Kinds::date(Order::DayMonthYear))
                && fits("03/04/2020", Kinds::date(Order::MonthDayYear))
        );
        assert!(
            !fits("03/14/2020", Kinds::date(Order::DayMonthYear))
                && fits("03/14/2020", Kinds::moment(Order::MonthDayYear))
        );
        assert_eq!(kinds(b"WHITE LANTERN"), Kinds::NONE);
    }
}
