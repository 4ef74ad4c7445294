//! How a cell may be read: the set of kinds that it fits, and the reading that is chosen for a column.

use domain::dataset::ColumnType;

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
