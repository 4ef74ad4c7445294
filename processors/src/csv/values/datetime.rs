//! Reads dates and times from bytes: ISO 8601, and day, month and year in either order.

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{Datelike, NaiveDate};

use crate::csv::values::digits::digits;
use crate::csv::values::kinds::{DatePartOrder, Kinds};
use crate::csv::values::month_name::{self, NamedDate};

/// The type of columns of times: microseconds since 1970.
pub(crate) const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
/// Microseconds of a day.
pub(crate) const DAY_MICROS: i64 = 86_400_000_000;
const MINUTE_MICROS: i64 = 60_000_000;
/// The first of January 1970, in days of the Common Era.
const EPOCH_DAYS: i32 = 719_163;

/// Reads a day, perhaps with a time, whose parts are in this order; microseconds since 1970, and what the cell fits.
/// A time with an offset is given in UTC.
pub(crate) fn datetime(cell: &[u8], order: DatePartOrder) -> Option<(i64, Kinds)> {
    let parts = parts(cell)?;
    let days = parts.days(order)?;
    // Under the other order it is a date as well if the day may be a month; asking again would be dearer.
    let mut kinds = parts.kinds_of(order);
    match order {
        _ if parts.is_named => {
            kinds = DatePartOrder::ALL.into_iter().fold(kinds, |kinds, order| kinds.and(parts.kinds_of(order)));
        }
        DatePartOrder::DayMonthYear if parts.first <= 12 => {
            kinds = kinds.and(parts.kinds_of(DatePartOrder::MonthDayYear));
        }
        DatePartOrder::MonthDayYear if parts.second <= 12 => {
            kinds = kinds.and(parts.kinds_of(DatePartOrder::DayMonthYear));
        }
        _ => {}
    }
    Some((i64::from(days) * DAY_MICROS + parts.time.unwrap_or(0), kinds))
}

/// The kinds of dates and times that a cell fits.
pub(crate) fn kinds(cell: &[u8]) -> Kinds {
    let Some(parts) = parts(cell) else { return digit_kinds(cell) };
    let fitting = DatePartOrder::ALL.into_iter().filter(|order| parts.days(*order).is_some());
    fitting.fold(Kinds::NONE, |kinds, order| kinds.and(parts.kinds_of(order)))
}

/// What digits alone may mean as a date or a time.
pub(crate) fn digit_kinds(cell: &[u8]) -> Kinds {
    match cell.len() {
        8 if compact(cell).is_some() => Kinds::COMPACT,
        10 | 13 if epoch(cell).is_some() => Kinds::EPOCH,
        _ => Kinds::NONE,
    }
}

/// Reads a day that is written `20101201`, in days since 1970. Years from 1900 to 2099, so that few other numbers fit.
pub(crate) fn compact(cell: &[u8]) -> Option<i32> {
    let (year, month, day) = (number(cell.get(..4)?)?, number(cell.get(4..6)?)?, number(cell.get(6..8)?)?);
    if cell.len() != 8 || !(1900..2100).contains(&year) {
        return None;
    }
    Some(NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?.num_days_from_ce() - EPOCH_DAYS)
}

/// Reads seconds (ten digits) or milliseconds (thirteen) since 1970, in microseconds: the years 2001 to 2286.
pub(crate) fn epoch(cell: &[u8]) -> Option<i64> {
    let scale = match cell.len() {
        10 => 1_000_000,
        13 => 1_000,
        _ => return None,
    };
    let value = cell
        .iter()
        .try_fold(0_i64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))?;
    (cell[0] != b'0').then_some(value * scale)
}

/// The three numbers of a date and what follows.
struct DateParts {
    year_first: bool,
    /// The month is a word, so no order is in doubt.
    is_named: bool,
    first: u32,
    second: u32,
    third: u32,
    /// Microseconds of the day; an offset may make it leave the day.
    time: Option<i64>,
}

impl DateParts {
    /// Days since 1970, when the parts are a date in this order.
    fn days(&self, order: DatePartOrder) -> Option<i32> {
        let (year, month, day) = match order {
            _ if self.is_named => (self.third, self.second, self.first),
            DatePartOrder::YearMonthDay if self.year_first => (self.first, self.second, self.third),
            DatePartOrder::DayMonthYear if !self.year_first => (self.third, self.second, self.first),
            DatePartOrder::MonthDayYear if !self.year_first => (self.third, self.first, self.second),
            _ => return None,
        };
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some(date.num_days_from_ce() - EPOCH_DAYS)
    }

    fn kinds_of(&self, order: DatePartOrder) -> Kinds {
        let date = if self.time.is_none() { Kinds::date(order) } else { Kinds::NONE };
        date.and(Kinds::datetime(order))
    }
}

fn parts(cell: &[u8]) -> Option<DateParts> {
    match cell.first()? {
        b'0'..=b'9' if cell.len() < 6 => None,
        b'0'..=b'9' => numbered(cell).or_else(|| month_name::day_first(cell).and_then(named)),
        byte if byte.is_ascii_alphabetic() => month_name::month_first(cell).and_then(named),
        _ => None,
    }
}

fn named(date: NamedDate<'_>) -> Option<DateParts> {
    let NamedDate { day, month, year, year_digits, rest } = date;
    let year = if year_digits == 2 { full_year(year) } else { year };
    Some(DateParts { year_first: false, is_named: true, first: day, second: month, third: year, time: time(rest)? })
}

fn numbered(cell: &[u8]) -> Option<DateParts> {
    let (first, first_digits, rest) = digits(cell, 4)?;
    let (separator, rest) = rest.split_first()?;
    let (second, second_digits, rest) = digits(rest, 2)?;
    let (third, third_digits, rest) = digits(rest.strip_prefix(&[*separator])?, 4)?;
    let year_first = first_digits == 4;
    let year = if year_first { first } else { third };
    let shape = if year_first { third_digits <= 2 } else { first_digits <= 2 && matches!(third_digits, 2 | 4) };
    if !matches!(separator, b'-' | b'/' | b'.') || !shape || second_digits > 2 || year == 0 && third_digits == 4 {
        return None;
    }
    let third = if year_first || third_digits == 4 { third } else { full_year(third) };
    Some(DateParts { year_first, is_named: false, first, second, third, time: time(rest)? })
}

/// A year of two digits: 1969 to 2068, as POSIX has it.
fn full_year(year: u32) -> u32 {
    if year < 69 { 2000 + year } else { 1900 + year }
}

/// What follows a date: nothing, or a time. Fails when it is something else.
fn time(text: &[u8]) -> Option<Option<i64>> {
    let Some((b' ' | b'T' | b't', text)) = text.split_first() else { return text.is_empty().then_some(None) };
    let (hour, _, rest) = digits(text.trim_ascii_start(), 2)?;
    let (minute, 2, rest) = digits(rest.strip_prefix(b":")?, 2)? else { return None };
    let (second, rest) = match rest.strip_prefix(b":") {
        Some(rest) => digits(rest, 2).filter(|(_, digits, _)| *digits == 2).map(|(second, _, rest)| (second, rest))?,
        None => (0, rest),
    };
    let (micros, rest) = fraction(rest)?;
    let (hour, rest) = half_day(hour, rest)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some(Some(seconds * 1_000_000 + micros - offset(rest)?))
}

/// The fraction of a second in microseconds; further digits are cut off.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let padded = text[..digits].iter().copied().chain(std::iter::repeat(b'0')).take(6);
    let micros = padded.fold(0, |micros, byte| micros * 10 + i64::from(byte - b'0'));
    (digits > 0).then_some((micros, &text[digits..]))
}

/// Turns 12-hour time into 24-hour time where AM or PM follows.
fn half_day(hour: u32, text: &[u8]) -> Option<(u32, &[u8])> {
    let mark = text.trim_ascii_start();
    let is_afternoon = match mark {
        [b'a' | b'A', b'm' | b'M', ..] => false,
        [b'p' | b'P', b'm' | b'M', ..] => true,
        _ => return Some((hour, text)),
    };
    (1..=12).contains(&hour).then_some((hour % 12 + if is_afternoon { 12 } else { 0 }, &mark[2..]))
}

/// The offset from UTC in microseconds: nothing, `Z`, `+02`, `+0200` or `+02:00`.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [hours @ .., b':', a, b] if hours.len() == 2 => (number(hours)?, number(&[*a, *b])?),
        [hours @ .., a, b] if hours.len() == 2 => (number(hours)?, number(&[*a, *b])?),
        [_, _] => (number(digits)?, 0),
        _ => return None,
    };
    (hours <= 18 && minutes <= 59).then_some(sign * i64::from(hours * 60 + minutes) * MINUTE_MICROS)
}

fn number(text: &[u8]) -> Option<u32> {
    digits(text, 4).filter(|(_, _, rest)| rest.is_empty()).map(|(value, _, _)| value)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn iso_dates_and_times() {
        for (cell, expected) in [
            ("2010-12-01", "2010-12-01T00:00:00"),
            ("2010/1/2", "2010-01-02T00:00:00"),
            ("2010-12-01 08:26:00", "2010-12-01T08:26:00"),
            ("2010-12-01T08:26:01.5Z", "2010-12-01T08:26:01.500"),
            ("2010-12-01T00:26+02:00", "2010-11-30T22:26:00"),
        ] {
            assert_eq!(read(cell, DatePartOrder::YearMonthDay), Some(micros(expected)), "{cell}");
        }
    }

    #[test]
    fn days_and_months_in_both_orders() {
        assert_eq!(read("31/12/2010 23:59", DatePartOrder::DayMonthYear), Some(micros("2010-12-31T23:59:00")));
        assert_eq!(read("12/1/2010 8:26", DatePartOrder::MonthDayYear), Some(micros("2010-12-01T08:26:00")));
        assert_eq!(read("12/1/10 8:26 PM", DatePartOrder::MonthDayYear), Some(micros("2010-12-01T20:26:00")));
        assert_eq!(read("1.2.69", DatePartOrder::DayMonthYear), Some(micros("1969-02-01T00:00:00")));
    }

    #[test]
    fn months_may_be_words() {
        for cell in [
            "1-Dec-2010 08:26",
            "01 December 2010 08:26",
            "Dec 1, 2010 08:26",
            "1 de diciembre de 2010 08:26",
            "01-dic-10 8:26",
        ] {
            for order in DatePartOrder::ALL {
                assert_eq!(read(cell, order), Some(micros("2010-12-01T08:26:00")), "{cell}");
            }
        }
        assert_eq!(read("30 feb 2010", DatePartOrder::DayMonthYear), None);
    }

    #[test]
    fn digits_alone_may_be_dates_and_times() {
        assert_eq!(compact(b"20101201"), Some(14944));
        assert_eq!([b"20101301", b"10001201", b"2010120x"].map(|cell| compact(cell)), [None; 3]);
        assert_eq!(epoch(b"1291191960"), Some(micros("2010-12-01T08:26:00")));
        assert_eq!(epoch(b"1291191960500"), Some(micros("2010-12-01T08:26:00.5")));
        assert_eq!((epoch(b"0291191960"), epoch(b"129119196")), (None, None));
    }

    #[test]
    fn what_is_no_date() {
        for cell in
            ["31/02/2010", "1/2/3", "12-2010", "2010-13-01", "1-2/2010", "2010-12-01 24:00", "2010-12-01x", "1.2", ""]
        {
            assert_eq!(kinds(cell.as_bytes()), Kinds::NONE, "{cell}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn every_reading_agrees_with_the_kinds(
            cell in "([0-9]{1,4}|[0-3][0-9])[-/.]([0-9]{1,2}|0[1-9])[-/.]([0-9]{1,4}|20[0-9]{2})( [0-2][0-9]:[0-5][0-9](:[0-5][0-9])?)?"
        ) {
            let all = kinds(cell.as_bytes());
            for order in DatePartOrder::ALL {
                let read = datetime(cell.as_bytes(), order);
                prop_assert_eq!(read.is_some(), all.fits(Kinds::datetime(order)));
                prop_assert!(read.is_none_or(|(_, kinds)| kinds == all));
            }
        }

        #[test]
        fn reads_every_moment_it_could_have_written(micros in -2_000_000_000_000_000_i64..4_000_000_000_000_000) {
            let moment = chrono::DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
            prop_assert_eq!(read(&moment.format("%Y-%m-%d %H:%M:%S%.6f").to_string(), DatePartOrder::YearMonthDay), Some(micros));
        }
    }

    fn read(cell: &str, order: DatePartOrder) -> Option<i64> {
        datetime(cell.as_bytes(), order).map(|(micros, _)| micros)
    }

    fn micros(iso: &str) -> i64 {
        iso.parse::<NaiveDateTime>().unwrap().and_utc().timestamp_micros()
    }
}
