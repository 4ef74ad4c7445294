//! How a cell may be read: the set of kinds that it fits, and the format that is chosen for a column.

use domain::csv_dialect::DecimalMark;
use domain::dataset::ColumnType;

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

impl Kinds {
    /// Fits nothing but text.
    pub(crate) const NONE: Self = Self(0);
    /// `true`, `no`, `sí` and the like.
    pub(crate) const BOOLEAN: Self = Self(1);
    /// A whole number of 64 bits.
    pub(crate) const INTEGER: Self = Self(1 << 1);
    /// A whole number that may end in `.0`.
    pub(crate) const WHOLE: Self = Self(1 << 2);
    /// A number whose decimal mark is the dot.
    pub(crate) const DOT: Self = Self(1 << 3);
    /// A number whose decimal mark is the comma.
    pub(crate) const COMMA: Self = Self(1 << 4);
    /// Read with a decimal dot, its commas separate thousands.
    pub(crate) const GROUPED: Self = Self(1 << 5);

    /// A number that is the same with either decimal mark.
    pub(crate) const SAME: Self = Self(1 << 14);
    /// A day written `20101201`.
    pub(crate) const COMPACT: Self = Self(1 << 12);
    /// Seconds or milliseconds since 1970.
    pub(crate) const EPOCH: Self = Self(1 << 13);

    /// A day whose parts are in this order.
    pub(crate) const fn date(order: DatePartOrder) -> Self {
        Self(1 << (6 + order as u16))
    }

    /// A day, perhaps with a time, whose parts are in this order.
    pub(crate) const fn datetime(order: DatePartOrder) -> Self {
        Self(1 << (9 + order as u16))
    }

    /// All kinds of both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of the kinds is in this set.
    pub(crate) const fn fits(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }
}

/// The order of day, month and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatePartOrder {
    /// Year, month, day (ISO 8601).
    YearMonthDay,
    /// Day, month, year.
    DayMonthYear,
    /// Month, day, year.
    MonthDayYear,
}

impl DatePartOrder {
    /// Every order, the preferred ones first: where days and months cannot be told apart, days come first.
    pub(crate) const ALL: [Self; 3] = [Self::YearMonthDay, Self::DayMonthYear, Self::MonthDayYear];
}

/// How the cells of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellFormat {
    /// As they are.
    Text,
    /// As `true` or `false`.
    Boolean,
    /// As whole numbers.
    Integer,
    /// As whole numbers that may have been written `17850.0`.
    Identifier,
    /// As numbers.
    Decimal(DecimalMark),
    /// As days.
    Date(DatePartOrder),
    /// As days with a time.
    Timestamp(DatePartOrder),
    /// As days written `20101201`.
    CompactDate,
    /// As seconds or milliseconds since 1970.
    Epoch,
}

impl CellFormat {
    /// The kind that a cell must have; text takes all and has none.
    pub(crate) fn kind(self) -> Kinds {
        match self {
            Self::Text => Kinds::NONE,
            Self::Boolean => Kinds::BOOLEAN,
            Self::Integer => Kinds::INTEGER,
            Self::Identifier => Kinds::WHOLE,
            Self::Decimal(DecimalMark::Dot) => Kinds::DOT,
            Self::Decimal(DecimalMark::Comma) => Kinds::COMMA,
            Self::Date(order) => Kinds::date(order),
            Self::Timestamp(order) => Kinds::datetime(order),
            Self::CompactDate => Kinds::COMPACT,
            Self::Epoch => Kinds::EPOCH,
        }
    }

    /// Whether to compare a cell with the one before costs much less than to read it.
    pub(crate) fn is_slow(self) -> bool {
        matches!(self, Self::Identifier | Self::Date(_) | Self::Timestamp(_) | Self::CompactDate | Self::Epoch)
    }

    /// The type of the column.
    pub(crate) fn column_type(self) -> ColumnType {
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
