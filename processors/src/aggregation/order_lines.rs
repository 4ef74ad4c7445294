//! The items of orders, in few bytes. There is about one line for each row of a file, and most are written to a temporary file and read again.

use anyhow::{Context, Result};
use integer_encoding::VarInt;

use crate::aggregation::aggregate_fn::{AggregateFn, combine};

/// Numbers are millionths, and most are whole hundredths.
const UNIT: u64 = 10_000;
/// The greatest number that is not a whole unit and takes less than nine bytes.
const SHORT_MAX: u64 = 1 << 48;
/// Parts that take more are brought together whenever they grow, so that an order of any length has one for each item.
const MANY_BYTES: usize = 64 << 10;

/// A line of an order: the sums of two values for one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderLine {
    /// The number of the item.
    pub(crate) item: u32,
    /// Its values, which are not negative.
    pub(crate) values: [i64; 2],
}

impl OrderLine {
    /// Appends the line.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        write_varint(self.item.into(), bytes);
        self.values.iter().for_each(|value| write_number(*value, bytes));
    }
}

/// Appends the lines that were written to `bytes`.
///
/// # Errors
/// When something else was written there.
pub(crate) fn read_order_lines(mut bytes: &[u8], lines: &mut Vec<OrderLine>) -> Result<()> {
    while !bytes.is_empty() {
        let item = u32::try_from(read_varint(&mut bytes)?).context("the number of an item is too large")?;
        lines.push(OrderLine { item, values: [read_number(&mut bytes)?, read_number(&mut bytes)?] });
    }
    Ok(())
}

/// Sorts lines by item, and makes those of one item one.
pub(crate) fn merge_by_item(lines: &mut Vec<OrderLine>) {
    lines.sort_unstable_by_key(|line| line.item);
    lines.dedup_by(|next, line| {
        let is_same = next.item == line.item;
        if is_same {
            combine(&[AggregateFn::Sum; 2], &mut line.values, &next.values);
        }
        is_same
    });
}

/// Merges written lines, if they are so many that it is worth it.
///
/// # Errors
/// When they are no lines.
pub(crate) fn merge_many(bytes: &mut Vec<u8>) -> Result<()> {
    if bytes.len() > MANY_BYTES {
        let mut lines = Vec::new();
        read_order_lines(bytes, &mut lines)?;
        merge_by_item(&mut lines);
        bytes.clear();
        lines.iter().for_each(|line| line.write(bytes));
    }
    Ok(())
}

/// Appends a number: whole units as an odd one, other small numbers as an even one, and what is large or negative as a
/// 0 and eight bytes.
pub(crate) fn write_number(number: i64, bytes: &mut Vec<u8>) {
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
pub(crate) fn read_number(bytes: &mut &[u8]) -> Result<i64> {
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
            items.iter().for_each(|item| OrderLine { item: *item, values: [1, 20_000] }.write(&mut bytes));
            let mut expected = Vec::new();
            read_order_lines(&bytes, &mut expected).unwrap();
            merge_by_item(&mut expected);
            merge_many(&mut bytes).unwrap();
            let mut lines = Vec::new();
            read_order_lines(&bytes, &mut lines).unwrap();
            prop_assert_eq!(lines, expected);
        }
    }

    #[test]
    fn a_part_takes_few_bytes() {
        let mut bytes = Vec::new();
        OrderLine { item: 3_000, values: [2_000_000, 24_900_000] }.write(&mut bytes);
        assert_eq!(bytes.len(), 6);
    }
}
