//! Counts the rows that say the same as an earlier one in every column. Retail exports hold such rows for a reason, two
//! equal lines of a receipt, so they are kept; but a person should know. Memory is bounded: hashes of rows are sorted in
//! runs, like everything that a file may have any number of.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};

use anyhow::{Context, Result};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use foldhash::fast::FixedState;

/// Hashes that are sorted at once: 16 MB.
const RUN_ROWS: usize = 2 << 20;
/// An odd number whose bits look random (the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The rows so far.
#[derive(Default)]
pub struct Repeats {
    hashes: Vec<u64>,
    runs: Vec<File>,
}

impl Repeats {
    /// Takes more rows into account.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let start = self.hashes.len();
        self.hashes.resize(start + batch.num_rows(), 0);
        batch.columns().iter().for_each(|column| mix_column(&mut self.hashes[start..], column));
        if self.hashes.len() < RUN_ROWS { Ok(()) } else { self.spill() }
    }

    fn spill(&mut self) -> Result<()> {
        self.hashes.sort_unstable();
        let mut run = BufWriter::new(tempfile::tempfile().context("creating a temporary file")?);
        self.hashes.iter().try_for_each(|hash| run.write_all(&hash.to_le_bytes())).context("writing a run")?;
        self.runs.push(run.into_inner().context("writing a run")?);
        self.hashes.clear();
        Ok(())
    }

    /// How many rows repeat an earlier one.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn count(&mut self) -> Result<u64> {
        self.hashes.sort_unstable();
        let mut runs: Vec<Run<'_>> = vec![Box::new(self.hashes.iter().copied().map(Ok))];
        for run in &mut self.runs {
            run.seek(SeekFrom::Start(0)).context("rewinding a run")?;
            runs.push(Box::new(numbers(BufReader::new(&*run))));
        }
        count(runs)
    }
}

type Run<'a> = Box<dyn Iterator<Item = Result<u64>> + 'a>;

fn count(mut runs: Vec<Run<'_>>) -> Result<u64> {
    let mut heads = BinaryHeap::new();
    for (index, run) in runs.iter_mut().enumerate() {
        heads.extend(run.next().transpose()?.map(|hash| Reverse((hash, index))));
    }
    let (mut count, mut last) = (0, None);
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((hash, index)) = *head;
        count += u64::from(last == Some(hash));
        last = Some(hash);
        match runs[index].next().transpose()? {
            Some(hash) => *head = Reverse((hash, index)),
            None => drop(PeekMut::pop(head)),
        }
    }
    Ok(count)
}

fn numbers(mut run: impl Read) -> impl Iterator<Item = Result<u64>> {
    std::iter::from_fn(move || {
        let mut word = [0; 8];
        match run.read_exact(&mut word) {
            Ok(()) => Some(Ok(u64::from_le_bytes(word))),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
            Err(error) => Some(Err(error).context("reading a run")),
        }
    })
}

/// Mixes the values of a column into the hashes of its rows.
fn mix_column(hashes: &mut [u64], column: &ArrayRef) {
    let hash = FixedState::default();
    match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            mix(hashes, column, |row| hash.hash_one(texts.value(row)));
        }
        DataType::Dictionary(..) => {
            let coded = column.as_dictionary::<Int32Type>();
            let (numbers, texts) = (coded.keys().values(), coded.values().as_string::<i32>());
            let texts: Vec<u64> = (0..texts.len()).map(|place| hash.hash_one(texts.value(place))).collect();
            mix(hashes, column, |row| texts[numbers[row] as usize]);
        }
        DataType::Int64 => {
            let values = column.as_primitive::<Int64Type>().values();
            mix(hashes, column, |row| values[row].cast_unsigned());
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>().values();
            mix(hashes, column, |row| values[row].to_bits());
        }
        DataType::Date32 => {
            let values = column.as_primitive::<Date32Type>().values();
            mix(hashes, column, |row| u64::from(values[row].cast_unsigned()));
        }
        DataType::Timestamp(..) => {
            let values = column.as_primitive::<TimestampMicrosecondType>().values();
            mix(hashes, column, |row| values[row].cast_unsigned());
        }
        DataType::Boolean => {
            let values = column.as_boolean();
            mix(hashes, column, |row| u64::from(values.value(row)));
        }
        // Frames have no other types.
        _ => {}
    }
}

fn mix(hashes: &mut [u64], column: &ArrayRef, value: impl Fn(usize) -> u64) {
    for (row, hash) in hashes.iter_mut().enumerate() {
        let value = if column.is_valid(row) { value(row) } else { MIX };
        let product = u128::from(*hash ^ value ^ MIX) * u128::from(MIX.rotate_left(23));
        *hash = hash.rotate_left(29) ^ (product as u64) ^ ((product >> 64) as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn only_rows_that_are_equal_in_every_column_repeat() {
        let mut repeats = Repeats::default();
        repeats.add(&batch(&[(1, "a"), (1, "a"), (1, "b"), (2, "a"), (1, "a")])).unwrap();
        assert_eq!(repeats.count().unwrap(), 2);
    }

    #[test]
    fn runs_do_not_hide_repeats() {
        let mut repeats = Repeats::default();
        for _ in 0..3 {
            repeats.add(&batch(&[(1, "a"), (2, "b")])).unwrap();
            repeats.spill().unwrap();
        }
        repeats.add(&batch(&[(2, "b"), (3, "c")])).unwrap();
        assert_eq!(repeats.count().unwrap(), 5);
    }

    #[test]
    fn many_different_rows_are_different() {
        let rows: Vec<(i64, String)> = (0..20_000).map(|row| (row % 200, (row / 200).to_string())).collect();
        let rows: Vec<(i64, &str)> = rows.iter().map(|(number, text)| (*number, text.as_str())).collect();
        let mut repeats = Repeats::default();
        repeats.add(&batch(&rows)).unwrap();
        assert_eq!(repeats.count().unwrap(), 0);
    }

    fn batch(rows: &[(i64, &str)]) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0)));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1)));
        RecordBatch::try_from_iter([("number", numbers), ("text", texts)]).unwrap()
    }
}
