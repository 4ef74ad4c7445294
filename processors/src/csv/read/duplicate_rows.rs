//! Counts the rows that say the same as an earlier one in every column. Retail exports hold such rows for a reason, two
//! equal lines of a receipt, so they are kept; but a person should know. Memory is bounded: hashes of rows go into
//! buckets by their first bits, and are kept in a temporary file until each bucket is sorted by itself.

use std::fs::File;
use std::hash::BuildHasher;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

use anyhow::{Context, Result};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use foldhash::fast::FixedState;

/// Buckets, as many as a byte tells apart.
const BUCKETS: usize = 256;
/// Hashes in memory: 8 MB. A file of a hundred million rows takes 3 MB for a bucket in the end.
const MEMORY_ROWS: usize = 1 << 20;
/// An odd number whose bits look random (the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The rows so far.
pub(crate) struct DuplicateRows {
    buckets: Vec<Vec<u64>>,
    rows: usize,
    /// What was written of the buckets.
    file: Option<File>,
    /// How many hashes of each bucket were written, time after time.
    written: Vec<[usize; BUCKETS]>,
}

impl Default for DuplicateRows {
    fn default() -> Self {
        Self { buckets: vec![Vec::new(); BUCKETS], rows: 0, file: None, written: Vec::new() }
    }
}

impl DuplicateRows {
    /// Takes more rows into account, which have these hashes.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub(crate) fn add(&mut self, hashes: &[u64]) -> Result<()> {
        for hash in hashes {
            self.buckets[(hash >> 56) as usize].push(*hash);
        }
        self.rows += hashes.len();
        if self.rows < MEMORY_ROWS { Ok(()) } else { self.spill() }
    }

    fn spill(&mut self) -> Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile().context("creating a temporary file")?,
        };
        let (mut file, mut written) = (BufWriter::new(file), [0; BUCKETS]);
        for (bucket, written) in self.buckets.iter_mut().zip(&mut written) {
            bucket.iter().try_for_each(|hash| file.write_all(&hash.to_le_bytes())).context("writing hashes")?;
            *written = bucket.len();
            bucket.clear();
        }
        self.file = Some(file.into_inner().context("writing hashes")?);
        self.written.push(written);
        self.rows = 0;
        Ok(())
    }

    /// How many rows repeat an earlier one.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub(crate) fn count(mut self) -> Result<u64> {
        let mut count = 0;
        for bucket in 0..BUCKETS {
            let mut hashes = std::mem::take(&mut self.buckets[bucket]);
            self.read(bucket, &mut hashes).context("reading hashes")?;
            hashes.sort_unstable();
            count += hashes.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        }
        Ok(count)
    }

    /// Reads what was written of a bucket.
    fn read(&mut self, bucket: usize, hashes: &mut Vec<u64>) -> std::io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let (mut bytes, mut start) = (Vec::new(), 0);
        for written in &self.written {
            let before: usize = written[..bucket].iter().sum();
            bytes.resize(written[bucket] * size_of::<u64>(), 0);
            file.seek(SeekFrom::Start(((start + before) * size_of::<u64>()) as u64))?;
            file.read_exact(&mut bytes)?;
            hashes.extend(bytes.as_chunks().0.iter().map(|hash| u64::from_le_bytes(*hash)));
            start += written.iter().sum::<usize>();
        }
        Ok(())
    }
}

/// A number for each row, that tells it from rows with other values in some column.
pub(crate) fn hashes(batch: &RecordBatch) -> Vec<u64> {
    let mut hashes = vec![0; batch.num_rows()];
    batch.columns().iter().for_each(|column| mix_column(&mut hashes, column));
    hashes
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
            let texts: Vec<u64> = (0..texts.len()).map(|index| hash.hash_one(texts.value(index))).collect();
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
    let rows = hashes.iter_mut().enumerate();
    match column.nulls() {
        None => rows.for_each(|(row, hash)| *hash = mixed(*hash, value(row))),
        Some(nulls) => {
            rows.for_each(|(row, hash)| *hash = mixed(*hash, if nulls.is_valid(row) { value(row) } else { MIX }));
        }
    }
}

fn mixed(hash: u64, value: u64) -> u64 {
    let product = u128::from(hash ^ value ^ MIX) * u128::from(MIX.rotate_left(23));
    hash.rotate_left(29) ^ (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn only_rows_that_are_equal_in_every_column_repeat() {
        let mut duplicates = DuplicateRows::default();
        duplicates.add(&hashes(&batch(&[(1, "a"), (1, "a"), (1, "b"), (2, "a"), (1, "a")]))).unwrap();
        assert_eq!(duplicates.count().unwrap(), 2);
    }

    #[test]
    fn runs_do_not_hide_repeats() {
        let mut duplicates = DuplicateRows::default();
        for _ in 0..3 {
            duplicates.add(&hashes(&batch(&[(1, "a"), (2, "b")]))).unwrap();
            duplicates.spill().unwrap();
        }
        duplicates.add(&hashes(&batch(&[(2, "b"), (3, "c")]))).unwrap();
        assert_eq!(duplicates.count().unwrap(), 5);
    }

    #[test]
    fn many_different_rows_are_different() {
        let rows: Vec<(i64, String)> = (0..20_000).map(|row| (row % 200, (row / 200).to_string())).collect();
        let rows: Vec<(i64, &str)> = rows.iter().map(|(number, text)| (*number, text.as_str())).collect();
        let mut duplicates = DuplicateRows::default();
        duplicates.add(&hashes(&batch(&rows))).unwrap();
        assert_eq!(duplicates.count().unwrap(), 0);
    }

    fn batch(rows: &[(i64, &str)]) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0)));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1)));
        RecordBatch::try_from_iter([("number", numbers), ("text", texts)]).unwrap()
    }
}
