//! What comes out must be what went in, bit for bit.

use arrow::array::{Date32Array, Int8Array, Int32Array, StringArray};
use proptest::prelude::*;

use super::*;
use crate::frames::codec::{decode, encode};

proptest! {
    #[test]
    fn numbers_come_back(numbers in prop::collection::vec(prop::option::of(number()), 0..50)) {
        let times: Int64Array = numbers.iter().copied().collect();
        comes_back(vec![
            ("numbers", Arc::new(times.clone())),
            ("times", Arc::new(times.reinterpret_cast::<TimestampMicrosecondType>())),
            ("places", Arc::new(UInt32Array::from_iter(numbers.iter().map(|number| number.map(|number| number as u32))))),
            ("segments", Arc::new(Int32Array::from_iter(numbers.iter().map(|number| number.map(|number| number as i32))))),
            ("days", Arc::new(Date32Array::from_iter(numbers.iter().map(|number| number.map(|number| number as i32))))),
        ])?;
    }

    #[test]
    fn decimals_come_back(numbers in prop::collection::vec(prop::option::of(decimal()), 0..50)) {
        comes_back(vec![("decimals", Arc::new(Float64Array::from(numbers)))])?;
    }

    #[test]
    fn cents_come_back(cents in prop::collection::vec(0..10_000_000_i64, 0..50)) {
        let prices = Float64Array::from_iter_values(cents.iter().map(|cents| *cents as f64 / 100.0));
        comes_back(vec![("prices", Arc::new(prices))])?;
    }
}

/// Numbers of all sizes, often whole steps apart.
fn number() -> impl Strategy<Value = i64> {
    let step = prop::sample::select(vec![1, 10_000, 1_000_000]);
    (any::<i64>(), 0..64_u32, step).prop_map(|(number, shift, step)| (number >> shift).wrapping_mul(step))
}

fn decimal() -> impl Strategy<Value = f64> {
    let few = (any::<i32>(), 0..9_i32).prop_map(|(number, decimals)| f64::from(number) / 10_f64.powi(decimals));
    prop_oneof![few, any::<f64>(), Just(-0.0), Just(f64::MAX)]
}

fn comes_back(columns: Vec<(&str, ArrayRef)>) -> Result<(), TestCaseError> {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    prop_assert_eq!(bits(&decode(&encode(&batch).unwrap(), None).unwrap()), bits(&batch));
    Ok(())
}

/// The batch, and its floating-point numbers as they lie in memory: some are no numbers, and equal none.
fn bits(batch: &RecordBatch) -> (Vec<ArrayRef>, Vec<u64>) {
    let (decimals, others): (Vec<ArrayRef>, Vec<ArrayRef>) =
        batch.columns().iter().cloned().partition(|column| *column.data_type() == DataType::Float64);
    let decimals = decimals.iter().flat_map(|column| column.as_primitive::<Float64Type>().iter());
    (others, decimals.map(|number| number.map_or(1, f64::to_bits)).collect())
}

#[test]
fn coded_texts_come_out_written_out() {
    for different in [1, 128, 129, 40_000] {
        let texts: Vec<String> = (0..different).map(|text| text.to_string()).collect();
        let coded: DictionaryArray<Int32Type> = texts.iter().map(String::as_str).collect();
        let batch = RecordBatch::try_from_iter([("a", Arc::new(coded) as ArrayRef)]).unwrap();
        let decoded = decode(&encode(&batch).unwrap(), None).unwrap();
        let found: Vec<_> = decoded.column(0).as_string::<i32>().iter().flatten().collect();
        assert_eq!(found, texts);
    }
}

#[test]
fn what_was_compact_before_there_were_steps_is_read() {
    let column = Arc::new(Int8Array::from(vec![Some(-3), None]));
    let was = HashMap::from([(WAS.to_owned(), "Int64".to_owned())]);
    let fields = vec![Field::new("a", DataType::Int8, true).with_metadata(was), Field::new("b", DataType::Utf8, true)];
    let columns: Vec<ArrayRef> = vec![column, Arc::new(StringArray::from(vec!["x", "y"]))];
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let expected: Int64Array = [Some(-3), None].into_iter().collect();
    assert_eq!(expand(&batch).unwrap().column(0).as_primitive::<Int64Type>(), &expected);
}

#[test]
fn what_varies_little_takes_little_room() {
    let bytes = |columns: Vec<(&'static str, ArrayRef)>| {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        compact(&batch).unwrap().columns().iter().map(|column| column.to_data().buffers()[0].len()).collect::<Vec<_>>()
    };
    let seconds = (0..100).map(|row| 1_700_000_000_000_000 + row * 60_000_000);
    let times = Int64Array::from_iter_values(seconds).reinterpret_cast::<TimestampMicrosecondType>();
    let prices = Float64Array::from_iter_values((0..100).map(|row| f64::from(row * 7) / 100.0));
    let thirds = Float64Array::from_iter_values((0..100).map(|row| f64::from(row) / 3.0));
    let numbers = Int64Array::from_iter_values((0..100).map(|row| 5_000_000_000 + row));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("times", Arc::new(times)),
        ("prices", Arc::new(prices)),
        ("thirds", Arc::new(thirds)),
        ("numbers", Arc::new(numbers)),
    ];
    assert_eq!(bytes(columns), [200, 200, 800, 100]);
}
