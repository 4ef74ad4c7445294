//! A column of text being filled. While its cells are few different ones, each is kept once and the cells are their
//! numbers: that is less to compress, to compare and to add up. Otherwise they are written out.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, DictionaryArray, Int32Builder, StringArray};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use crate::csv::columns::string_pool::StringPool;

/// Cells after which it is asked whether they are few different ones, and again after as many.
const TRIAL_CELLS: usize = 1_024;
/// The cells for each different one that make a dictionary worth it.
const WORTH_IT: usize = 4;

/// The cells of a text column.
#[derive(Default)]
pub(crate) struct TextBuilder {
    pool: StringPool,
    numbers: Int32Builder,
    cells: usize,
    /// Given up for the rest of the block: the cells are written out.
    plain: Option<BinaryBuilder>,
}

impl TextBuilder {
    /// An empty column with room for so many cells that come again and again.
    pub(crate) fn new(cells: usize) -> Self {
        Self { numbers: Int32Builder::with_capacity(cells), ..Self::default() }
    }

    /// Appends a cell.
    pub(crate) fn append(&mut self, cell: Option<&[u8]>) {
        if let Some(plain) = &mut self.plain {
            return plain.append_option(cell);
        }
        match cell {
            Some(cell) => self.numbers.append_value(self.pool.intern(cell) as i32),
            None => self.numbers.append_null(),
        }
        self.cells += 1;
        if self.cells.is_multiple_of(TRIAL_CELLS) && self.pool.len() * WORTH_IT > self.cells {
            self.write_out();
        }
    }

    /// The cells as an array: a dictionary or plain text.
    ///
    /// # Errors
    /// When a cell is not UTF-8, which was checked before.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        if let Some(mut plain) = self.plain.take() {
            return Ok(Arc::new(StringArray::try_from_binary(plain.finish())?));
        }
        if self.pool.len() * WORTH_IT > self.cells {
            self.write_out();
            return self.finish();
        }
        let mut values = BinaryBuilder::new();
        (0..self.pool.len()).for_each(|number| values.append_value(self.pool.get(number as u32)));
        self.pool.clear();
        self.cells = 0;
        let values = Arc::new(StringArray::try_from_binary(values.finish())?);
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(self.numbers.finish(), values)?))
    }

    fn write_out(&mut self) {
        let mut plain = BinaryBuilder::new();
        for number in self.numbers.finish().iter() {
            plain.append_option(number.map(|number| self.pool.get(number as u32)));
        }
        self.pool.clear();
        self.cells = 0;
        self.plain = Some(plain);
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::compute::cast;
    use arrow::datatypes::DataType;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_cells_come_out_as_they_went_in(
            cells in prop::collection::vec(prop::option::of("[a-c]{0,2}"), 0..80),
            times in 1..60_usize,
        ) {
            let cells: Vec<Option<String>> = std::iter::repeat_n(cells, times).flatten().collect();
            prop_assert_eq!(built(&cells).0, cells);
        }
    }

    #[test]
    fn only_what_repeats_itself_is_kept_once() {
        let names = |different: usize| (0..5_000).map(|cell| Some(format!("{}", cell % different))).collect::<Vec<_>>();
        assert!(matches!(built(&names(50)).1, DataType::Dictionary(..)));
        assert_eq!(built(&names(5_000)).1, DataType::Utf8);
    }

    fn built(cells: &[Option<String>]) -> (Vec<Option<String>>, DataType) {
        let mut builder = TextBuilder::default();
        cells.iter().for_each(|cell| builder.append(cell.as_deref().map(str::as_bytes)));
        let array = builder.finish().unwrap();
        let plain = cast(&array, &DataType::Utf8).unwrap();
        let found = plain.as_string::<i32>().iter().map(|cell| cell.map(str::to_owned)).collect();
        (found, array.data_type().clone())
    }
}
