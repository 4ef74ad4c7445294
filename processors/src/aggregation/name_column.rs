//! A column of names: of shoppers, orders, products.

use std::io::Write;

use anyhow::{Context, Result};
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Int32Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// A column whose values are names, as a person sees them.
pub(crate) enum NameColumn<'a> {
    /// Text.
    Text(&'a StringArray),
    /// Few different texts, and the numbers of those of the rows.
    Coded(&'a Int32Array, &'a StringArray),
    /// Whole numbers.
    Integer(&'a Int64Array),
    /// Anything else.
    Other(&'a ArrayRef, ArrayFormatter<'a>),
}

impl<'a> NameColumn<'a> {
    /// The names in a column.
    ///
    /// # Errors
    /// When its type cannot be shown, which the types of frames can.
    pub(crate) fn new(column: &'a ArrayRef) -> Result<Self> {
        const OPTIONS: FormatOptions<'static> = FormatOptions::new();
        Ok(match column.data_type() {
            DataType::Utf8 => Self::Text(column.as_string()),
            DataType::Dictionary(..) => {
                let coded = column.as_dictionary::<Int32Type>();
                Self::Coded(coded.keys(), coded.values().as_string())
            }
            DataType::Int64 => Self::Integer(column.as_primitive()),
            _ => Self::Other(column, ArrayFormatter::try_new(column, &OPTIONS)?),
        })
    }

    /// Whether a row has no name.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(names) => names.is_null(row),
            Self::Coded(numbers, _) => numbers.is_null(row),
            Self::Integer(names) => names.is_null(row),
            Self::Other(names, _) => names.is_null(row),
        }
    }

    /// A number that rows of this batch have in common when they have the same name, and no others; nothing where the
    /// name itself is as cheap.
    pub(crate) fn code(&self, row: usize) -> Option<i64> {
        match self {
            Self::Coded(numbers, _) => Some(numbers.value(row).into()),
            Self::Integer(names) => Some(names.value(row)),
            Self::Text(_) | Self::Other(..) => None,
        }
    }

    /// Replaces a text by the name of a row.
    ///
    /// # Errors
    /// When it cannot be shown.
    pub(crate) fn write(&self, row: usize, name: &mut Vec<u8>) -> Result<()> {
        name.clear();
        self.append(row, name)
    }

    /// Appends the name of a row to a text.
    ///
    /// # Errors
    /// When it cannot be shown.
    pub(crate) fn append(&self, row: usize, name: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Text(names) => name.extend_from_slice(names.value(row).as_bytes()),
            Self::Coded(numbers, names) => name.extend_from_slice(names.value(numbers.value(row) as usize).as_bytes()),
            Self::Integer(names) => write_integer(names.value(row), name),
            Self::Other(_, names) => write!(name, "{}", names.value(row)).context("showing a name")?,
        }
        Ok(())
    }
}

/// Writes a whole number in digits; the standard way takes longer than all else that is done with a row.
fn write_integer(number: i64, text: &mut Vec<u8>) {
    let (mut digits, mut index, mut rest) = ([0; 20], 20, number.unsigned_abs());
    loop {
        index -= 1;
        digits[index] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text.extend((number < 0).then_some(b'-'));
    text.extend_from_slice(&digits[index..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_written_in_digits() {
        for number in [0, 7, -12, 17_850, i64::MAX, i64::MIN] {
            let mut text = Vec::new();
            write_integer(number, &mut text);
            assert_eq!(String::from_utf8(text).unwrap(), number.to_string());
        }
    }
}
