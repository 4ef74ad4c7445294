//! What totals are made of, such as the items of an order, in few bytes. There is about one part for each row of a file,
//! and most are written to a temporary file and read again.

use anyhow::{Context, Result};
use integer_encoding::VarInt;

use crate::aggregation::aggregate_fn::{Fold, fold};

/// Numbers are millionths, and most are whole hundredths.
const UNIT: u64 = 10_000;
/// The greatest number that is not a whole unit and takes less than nine bytes.
const SHORT_MAX: u64 = 1 << 48;
/// Parts that take more are brought together whenever they grow, so that an order of any length has one for each item.
const MANY_BYTES: usize = 64 << 10;

/// A part of a total: the sums of two values for one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The number of the item.
    pub item: u32,
    /// Its values, which are not negative.
    pub values: [i64; 2],
}

impl Part {
    /// Appends the part.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        write_varint(self.item.into(), bytes);
        self.values.iter().for_each(|value| write_number(*value, bytes));
    }
}

/// Appends the parts that were written to `bytes`.
///
/// # Errors
/// When something else was written there.
pub fn read_parts(mut bytes: &[u8], parts: &mut Vec<Part>) -> Result<()> {
    while !bytes.is_empty() {
        let item = u32::try_from(read_varint(&mut bytes)?).context("the number of an item is too large")?;
        parts.push(Part { item, values: [read_number(&mut bytes)?, read_number(&mut bytes)?] });
    }
    Ok(())
}

/// Brings parts into the order of their items, each item once.
pub fn unite(parts: &mut Vec<Part>) {
    parts.sort_unstable_by_key(|part| part.item);
    parts.dedup_by(|next, part| {
        let is_same = next.item == part.item;
        if is_same {
            fold(&[Fold::Sum; 2], &mut part.values, &next.values);
        }
        is_same
    });
}

/// Unites written parts, if they are so many that it is worth it.
///
/// # Errors
/// When they are no parts.
pub fn unite_many(bytes: &mut Vec<u8>) -> Result<()> {
    if bytes.len() > MANY_BYTES {
        let mut parts = Vec::new();
        read_parts(bytes, &mut parts)?;
        unite(&mut parts);
        bytes.clear();
        parts.iter().for_each(|part| part.write(bytes));
    }
    Ok(())
}

/// Appends a number: whole units as an odd one, other small numbers as an even one, and what is large or negative as a
/// 0 and eight bytes.
pub fn write_number(number: i64, bytes: &mut Vec<u8>) {
    match u64::try_from(number) {
        Ok(number) if number.is_multiple_of(UNIT) => write_varint(number / UNIT * 2 + 1, bytes),
        Ok(number) if number <= SHORT_MAX => write_varint(number * 2, bytes),
        _ => {
            write_varint(0, bytes);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Takes a number off the beginning of `bytes`.
///
/// # Errors
/// When there is none.
pub fn read_number(bytes: &mut &[u8]) -> Result<i64> {
    let short = read_varint(bytes)?;
    if short % 2 == 1 {
        return Ok((short / 2 * UNIT).cast_signed());
    }
    if short > 0 {
        return Ok((short / 2).cast_signed());
    }
    let (number, rest) = bytes.split_first_chunk().context("a number is cut off")?;
    *bytes = rest;
    Ok(i64::from_le_bytes(*number))
}

fn write_varint(number: u64, bytes: &mut Vec<u8>) {
    let mut room = [0; 10];
    let used = number.encode_var(&mut room);
    bytes.extend_from_slice(&room[..used]);
}

fn read_varint(bytes: &mut &[u8]) -> Result<u64> {
    let (number, used) = u64::decode_var(bytes).context("a number is cut off")?;
    *bytes = &bytes[used..];
    Ok(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number: i64, shift in 0..64_u32, is_whole: bool) {
            let number = number >> shift;
            let number = if is_whole { number / 10_000 * 10_000 } else { number };
            let mut bytes = Vec::new();
            write_number(number, &mut bytes);
            prop_assert_eq!(read_number(&mut bytes.as_slice()).unwrap(), number);
        }

        #[test]
        fn many_parts_are_united(items in prop::collection::vec(0..50_u32, 30_000..30_100)) {
            let mut bytes = Vec::new();
            items.iter().for_each(|item| Part { item: *item, values: [1, 20_000] }.write(&mut bytes));
            let mut expected = Vec::new();
            read_parts(&bytes, &mut expected).unwrap();
            unite(&mut expected);
            unite_many(&mut bytes).unwrap();
            let mut parts = Vec::new();
            read_parts(&bytes, &mut parts).unwrap();
            prop_assert_eq!(parts, expected);
        }
    }

    #[test]
    fn a_part_takes_few_bytes() {
        let mut bytes = Vec::new();
        Part { item: 3_000, values: [2_000_000, 24_900_000] }.write(&mut bytes);
        assert_eq!(bytes.len(), 6);
    }
}
