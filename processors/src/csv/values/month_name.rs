//! Dates whose month is a word, in English or Spanish: `1-Dec-2010`, `Dec 1, 2010`, `1 de diciembre de 2010`.

use crate::csv::values::digits::digits;

/// A date in parts, and what follows it.
#[derive(Clone, Copy)]
pub(crate) struct NamedDate<'a> {
    /// The day of the month.
    pub(crate) day: u32,
    /// The month, from 1.
    pub(crate) month: u32,
    /// The year as it is written.
    pub(crate) year: u32,
    /// Its number of digits: 2 or 4.
    pub(crate) year_digits: usize,
    /// What follows.
    pub(crate) rest: &'a [u8],
}

/// The first three letters of each month.
const MONTHS: [[&[u8; 3]; 2]; 12] = [
    [b"jan", b"ene"],
    [b"feb", b"feb"],
    [b"mar", b"mar"],
    [b"apr", b"abr"],
    [b"may", b"may"],
    [b"jun", b"jun"],
    [b"jul", b"jul"],
    [b"aug", b"ago"],
    [b"sep", b"sep"],
    [b"oct", b"oct"],
    [b"nov", b"nov"],
    [b"dec", b"dic"],
];
const WORDS: &str = "january february march april may june july august september sept october november december \
                     enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre";

/// A date that begins with the day.
pub(crate) fn day_first(cell: &[u8]) -> Option<NamedDate<'_>> {
    let (day, _, rest) = digits(cell, 2)?;
    let (month, rest) = month(separated(rest))?;
    year(day, month, separated(rest))
}

/// A date that begins with the month.
pub(crate) fn month_first(cell: &[u8]) -> Option<NamedDate<'_>> {
    let (month, rest) = month(cell)?;
    let (day, _, rest) = digits(separated(rest), 2)?;
    year(day, month, separated(rest))
}

fn year(day: u32, month: u32, text: &[u8]) -> Option<NamedDate<'_>> {
    let (year, year_digits, rest) = digits(text, 4)?;
    matches!(year_digits, 2 | 4).then_some(NamedDate { day, month, year, year_digits, rest })
}

/// The month that a text begins with: the whole word, or its first three letters.
fn month(text: &[u8]) -> Option<(u32, &[u8])> {
    let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = text[..letters].to_ascii_lowercase();
    let begin = word.get(..3)?;
    let index = MONTHS.iter().position(|names| names.iter().any(|name| name.as_slice() == begin))?;
    let is_whole = letters == 3 || WORDS.split(' ').any(|known| known.as_bytes() == word);
    is_whole.then_some((index as u32 + 1, &text[letters..]))
}

/// A text without the separator that it begins with.
fn separated(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b".").unwrap_or(text);
    let text = text.strip_prefix(b",").unwrap_or(text);
    match text {
        [b'-' | b'/', rest @ ..] => rest,
        [b' ', ..] => text.trim_ascii_start().strip_prefix(b"de ").unwrap_or(text.trim_ascii_start()),
        _ => text,
    }
}
