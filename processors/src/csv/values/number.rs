//! Reads numbers from bytes. The usual ones are read without allocation, the others by the standard library.

use domain::csv_dialect::DecimalMark;

use crate::csv::values::decorated_number::{Undecorated, undecorated};
use crate::csv::values::kinds::Kinds;

/// Up to here a whole number is a 64-bit floating-point number exactly.
const EXACT: u64 = 1 << 53;
/// Digits that cannot overflow 64 bits.
const SIMPLE_DIGITS: usize = 18;
/// What every whole number fits.
pub(crate) const WHOLE_NUMBER: Kinds =
    Kinds::INTEGER.and(Kinds::WHOLE).and(Kinds::DOT).and(Kinds::COMMA).and(Kinds::SAME);

/// Reads a whole number. Leading zeros make it text: they belong to a code.
pub(crate) fn integer(cell: &[u8]) -> Option<i64> {
    let (negative, digits) = sign(cell);
    if digits.is_empty() || digits.len() > SIMPLE_DIGITS || digits[0] == b'0' && digits.len() > 1 {
        return long_integer(cell, digits);
    }
    let mut value = 0_i64;
    for byte in digits {
        value = value * 10 + i64::from(digit(*byte)?);
    }
    Some(if negative { -value } else { value })
}

/// Reads a whole number that may end in `.0`, as identifiers do that were numbers with gaps elsewhere.
pub(crate) fn identifier(cell: &[u8]) -> Option<i64> {
    let end = cell.iter().position(|byte| *byte == b'.').unwrap_or(cell.len());
    let zeros = cell.get(end + 1..).unwrap_or_default();
    if (end < cell.len() && zeros.is_empty()) || zeros.iter().any(|byte| *byte != b'0') {
        return None;
    }
    integer(&cell[..end])
}

/// Reads a number with this decimal mark; says also what else the cell fits. Never infinite.
pub(crate) fn decimal(cell: &[u8], mark: DecimalMark) -> Option<(f64, Kinds)> {
    let wanted = match mark {
        DecimalMark::Dot => Kinds::DOT,
        DecimalMark::Comma => Kinds::COMMA,
    };
    if let Some(simple) = simple(cell) {
        let kinds = simple.kinds();
        return kinds.fits(wanted).then(|| (simple.value(mark), kinds));
    }
    let unusual = unusual(cell);
    let value = if mark == DecimalMark::Dot { unusual.dot } else { unusual.comma }?;
    Some((value, unusual.kinds))
}

/// The kinds of numbers that a cell fits.
pub(crate) fn kinds(cell: &[u8]) -> Kinds {
    simple(cell).map_or_else(|| unusual(cell).kinds, |simple| simple.kinds())
}

/// Digits with at most one mark, and few of them.
struct Simple {
    negative: bool,
    mantissa: u64,
    /// Digits before the mark.
    whole: usize,
    leading_zero: bool,
    /// The mark and the digits after it.
    fraction: Option<(u8, usize)>,
}

fn simple(cell: &[u8]) -> Option<Simple> {
    let (negative, digits) = sign(cell);
    let (mut mantissa, mut mark) = (0_u64, None);
    if digits.len() > SIMPLE_DIGITS {
        return None;
    }
    for (index, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            b'.' | b',' if mark.is_none() => mark = Some((*byte, index)),
            _ => return None,
        }
    }
    let whole = mark.map_or(digits.len(), |(_, index)| index);
    let fraction = mark.map(|(byte, index)| (byte, digits.len() - index - 1));
    Some(Simple { negative, mantissa, whole, leading_zero: whole > 0 && digits[0] == b'0', fraction })
}

impl Simple {
    fn kinds(&self) -> Kinds {
        if self.leading_zero && self.whole > 1 {
            return Kinds::NONE;
        }
        // As thousands, the digits after the mark are a group.
        let is_group = |digits| digits == 3 && (1..=3).contains(&self.whole) && !self.leading_zero;
        match self.fraction {
            None if self.whole > 0 => WHOLE_NUMBER,
            None => Kinds::NONE,
            Some((_, digits)) if self.whole + digits == 0 => Kinds::NONE,
            Some((b'.', digits)) => {
                let whole = if self.is_whole(digits) { Kinds::WHOLE } else { Kinds::NONE };
                Kinds::DOT.and(whole).and(if is_group(digits) { Kinds::COMMA } else { Kinds::NONE })
            }
            Some((_, digits)) if is_group(digits) => Kinds::COMMA.and(Kinds::DOT).and(Kinds::GROUPED),
            Some(_) => Kinds::COMMA,
        }
    }

    fn is_whole(&self, digits: usize) -> bool {
        self.whole > 0 && digits > 0 && self.mantissa.is_multiple_of(10_u64.pow(digits as u32))
    }

    fn value(&self, mark: DecimalMark) -> f64 {
        let wanted = if mark == DecimalMark::Dot { b'.' } else { b',' };
        let digits = self.fraction.filter(|(byte, _)| *byte == wanted).map_or(0, |(_, digits)| digits);
        let value = if self.mantissa <= EXACT {
            // Both are exact, so the quotient is the nearest number (Clinger 1990).
            self.mantissa as f64 / POWERS[digits]
        } else {
            format!("{}e-{digits}", self.mantissa).parse().unwrap_or(0.0)
        };
        if self.negative { -value } else { value }
    }
}

const POWERS: [f64; SIMPLE_DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

/// What a cell is that is not simple: with thousands, with an exponent or long.
#[derive(Default)]
struct Unusual {
    kinds: Kinds,
    dot: Option<f64>,
    comma: Option<f64>,
}

fn unusual(cell: &[u8]) -> Unusual {
    let (negative, digits) = sign(cell);
    // Nothing else begins or continues a number, and most text is told apart here.
    if digits.len() > 60
        || !digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b',' | b'e' | b'E' | b'+' | b'-'))
    {
        return decorated(cell).unwrap_or_default();
    }
    if digits.iter().all(u8::is_ascii_digit) {
        return long_integer(cell, digits).map_or_else(Unusual::default, whole);
    }
    if digits.ends_with(b"-") {
        return decorated(cell).unwrap_or_default();
    }
    let text = String::from_utf8_lossy(digits);
    let signed = |value: f64| if negative { -value } else { value };
    let dot = plain(&text, '.', ',').map(signed);
    let comma = plain(&text, ',', '.').filter(|_| !text.contains(['e', 'E'])).map(signed);
    let mut kinds = Kinds::NONE;
    if dot.is_some() {
        kinds = kinds.and(Kinds::DOT).and(if text.contains(',') { Kinds::GROUPED } else { Kinds::NONE });
        kinds = if identifier(cell).is_some() { kinds.and(Kinds::WHOLE) } else { kinds };
    }
    kinds = if comma.is_some() { kinds.and(Kinds::COMMA) } else { kinds };
    Unusual { kinds, dot, comma }
}

/// A number with a currency and the like. It may be read with either mark, but it is not a whole number.
fn decorated(cell: &[u8]) -> Option<Unusual> {
    let Undecorated { digits, is_negative, is_percent } = undecorated(cell)?;
    let value = |value: f64| {
        let value = if is_percent { value / 100.0 } else { value };
        if is_negative { -value } else { value }
    };
    let (dot, comma) = (plain(&digits, '.', ','), plain(&digits, ',', '.'));
    let mut kinds = if dot.is_some() { Kinds::DOT } else { Kinds::NONE };
    kinds = if dot.is_some() && digits.contains(',') { kinds.and(Kinds::GROUPED) } else { kinds };
    kinds = if comma.is_some() { kinds.and(Kinds::COMMA) } else { kinds };
    kinds = if comma.is_some() && comma == dot { kinds.and(Kinds::SAME) } else { kinds };
    Some(Unusual { kinds, dot: dot.map(value), comma: comma.map(value) })
}

fn whole(value: i64) -> Unusual {
    Unusual { kinds: WHOLE_NUMBER, dot: Some(value as f64), comma: Some(value as f64) }
}

/// A whole number with more digits than are surely safe. One that overflows is text, not a rounded number.
fn long_integer(cell: &[u8], digits: &[u8]) -> Option<i64> {
    if digits.first() == Some(&b'0') && digits.len() > 1 {
        return None;
    }
    std::str::from_utf8(cell).ok()?.parse().ok()
}

/// A number without sign, its thousands perhaps separated.
fn plain(text: &str, mark: char, group: char) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once(mark).unwrap_or((mantissa, ""));
    if !is_digits(fraction) || !is_digits(exponent.trim_start_matches(['+', '-'])) || whole.len() + fraction.len() == 0
    {
        return None;
    }
    let whole = ungrouped(whole, group)?;
    format!("{whole}.{fraction}e{exponent}").parse().ok().filter(|value: &f64| value.is_finite())
}

fn ungrouped(whole: &str, group: char) -> Option<String> {
    let mut groups = whole.split(group);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let zero = first.starts_with('0') && (first.len() > 1 || !rest.is_empty());
    let grouped = (1..=3).contains(&first.len()) && rest.iter().all(|digits| digits.len() == 3 && is_digits(digits));
    (is_digits(first) && !zero && (rest.is_empty() || grouped)).then(|| first.to_owned() + &rest.concat())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn sign(cell: &[u8]) -> (bool, &[u8]) {
    match cell {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, cell),
    }
}

fn digit(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_numbers() {
        let read = |cell: &str| integer(cell.as_bytes());
        assert_eq!(["0", "-12", "+7", "9223372036854775807"].map(read), [Some(0), Some(-12), Some(7), Some(i64::MAX)]);
        assert_eq!(["007", "", "-", "1.0", "1a", "--1", "+-1", "9223372036854775808"].map(read), [None; 8]);
    }

    #[test]
    fn identifiers_may_have_been_decimals() {
        let read = |cell: &str| identifier(cell.as_bytes());
        assert_eq!(["17850.0", "17850", "-1.00"].map(read), [Some(17850), Some(17850), Some(-1)]);
        assert_eq!(["17850.5", "17850.", ".0", "0017.0"].map(read), [None; 4]);
    }

    #[test]
    fn decimals_by_their_mark() {
        let dot = |cell: &str| decimal(cell.as_bytes(), DecimalMark::Dot).map(|(value, _)| value);
        let comma = |cell: &str| decimal(cell.as_bytes(), DecimalMark::Comma).map(|(value, _)| value);
        assert_eq!(
            ["2.55", "-.5", "5.", "1,234", "1,234,567.5", "1e3"].map(dot).map(Option::unwrap),
            [2.55, -0.5, 5.0, 1234.0, 1_234_567.5, 1000.0]
        );
        assert_eq!(["2,55", "1.234,50", "12", "1.234"].map(comma).map(Option::unwrap), [2.55, 1234.5, 12.0, 1234.0]);
        assert_eq!(
            ["2,55", "00.5", ".", "1e999", "inf", "nan", "1,23,456", "0,500", "e5", "1.2.3"].map(dot),
            [None; 10]
        );
        assert_eq!(["2.55", "1,2,3", "1e3", ","].map(comma), [None; 4]);
    }

    #[test]
    fn a_whole_number_that_overflows_is_text() {
        assert_eq!(kinds(b"12345678901234567890123"), Kinds::NONE);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn reads_every_number_as_the_standard_library(cell in "[+-]?(0|[1-9][0-9]{0,20})\\.[0-9]{0,20}") {
            let (value, _) = decimal(cell.as_bytes(), DecimalMark::Dot).unwrap();
            prop_assert_eq!(value, cell.parse::<f64>().unwrap());
        }

        #[test]
        fn every_reading_agrees_with_the_kinds(cell in "[+-]?[0-9.,e]{1,22}") {
            let (cell, kinds) = (cell.as_bytes(), kinds(cell.as_bytes()));
            prop_assert_eq!(integer(cell).is_some(), kinds.fits(Kinds::INTEGER));
            prop_assert_eq!(identifier(cell).is_some(), kinds.fits(Kinds::WHOLE));
            for (mark, kind) in [(DecimalMark::Dot, Kinds::DOT), (DecimalMark::Comma, Kinds::COMMA)] {
                let read = decimal(cell, mark);
                prop_assert_eq!(read.is_some(), kinds.fits(kind));
                prop_assert!(read.is_none_or(|(value, also)| value.is_finite() && also == kinds));
            }
        }

        #[test]
        fn the_short_way_reads_as_the_long_way(cell in "[0-9.,]{1,17}") {
            if let Some(simple) = simple(cell.as_bytes()).filter(|simple| simple.fraction.is_some()) {
                let long = unusual(cell.as_bytes());
                prop_assert_eq!(long.kinds, simple.kinds());
                prop_assert!(long.dot.is_none_or(|value| value == simple.value(DecimalMark::Dot)));
                prop_assert!(long.comma.is_none_or(|value| value == simple.value(DecimalMark::Comma)));
            }
        }
    }
}
