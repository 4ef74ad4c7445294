//! Statistics of the columns of a dataset: how many values are missing, the least and the greatest.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{max, max_boolean, max_string, min, min_boolean, min_string};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use domain::dataset::{Column, ColumnType};
use serde_json::Value;

use crate::csv::columns::plan::ColumnPlan;
use crate::csv::values::iso8601::{iso_date, iso_datetime};

/// Characters of a least or greatest text that are kept.
const TEXT_MAX_CHARS: usize = 200;

/// Statistics of the batches seen so far.
pub(crate) struct Statistics(Vec<ColumnStatistics>);

#[derive(Clone, Default)]
struct ColumnStatistics {
    null_count: u64,
    extremes: Option<(Scalar, Scalar)>,
}

#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Scalar {
    Boolean(bool),
    /// Also days and microseconds since 1970.
    Integer(i64),
    Decimal(f64),
    Text(String),
}

impl Statistics {
    /// Statistics of no rows.
    pub(crate) fn new(columns: usize) -> Self {
        Self(vec![ColumnStatistics::default(); columns])
    }

    /// Takes more rows into account.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        for (statistics, array) in self.0.iter_mut().zip(batch.columns()) {
            statistics.null_count += array.null_count() as u64;
            statistics.widen(extremes(array));
        }
    }

    /// Takes the statistics of further rows into account.
    pub(crate) fn merge(&mut self, other: Self) {
        for (statistics, other) in self.0.iter_mut().zip(other.0) {
            statistics.null_count += other.null_count;
            statistics.widen(other.extremes);
        }
    }

    /// The columns with their statistics and without roles.
    pub(crate) fn columns(&self, plan: &[ColumnPlan]) -> Vec<Column> {
        plan.iter().zip(&self.0).map(|(plan, statistics)| statistics.column(plan)).collect()
    }
}

impl ColumnStatistics {
    fn widen(&mut self, extremes: Option<(Scalar, Scalar)>) {
        let Some((least, greatest)) = extremes else { return };
        self.extremes = Some(match self.extremes.take() {
            None => (least, greatest),
            Some((min, max)) => (if least < min { least } else { min }, if greatest > max { greatest } else { max }),
        });
    }

    fn column(&self, plan: &ColumnPlan) -> Column {
        let column_type = plan.cell_format.column_type();
        let (min, max) = match &self.extremes {
            Some((min, max)) => (min.json(column_type), max.json(column_type)),
            None => (Value::Null, Value::Null),
        };
        Column { name: plan.name.clone(), column_type, null_count: self.null_count, min, max, role: None, reason: None }
    }
}

impl Scalar {
    fn json(&self, column_type: ColumnType) -> Value {
        match (self, column_type) {
            (Self::Integer(days), ColumnType::Date) => iso_date(*days).into(),
            (Self::Integer(micros), ColumnType::Timestamp) => iso_datetime(*micros).into(),
            (Self::Boolean(value), _) => (*value).into(),
            (Self::Integer(value), _) => (*value).into(),
            (Self::Decimal(value), _) => (*value).into(),
            (Self::Text(text), _) => text.chars().take(TEXT_MAX_CHARS).collect::<String>().into(),
        }
    }
}

fn extremes(array: &dyn Array) -> Option<(Scalar, Scalar)> {
    match array.data_type() {
        DataType::Boolean => {
            let array = array.as_boolean();
            Some((Scalar::Boolean(min_boolean(array)?), Scalar::Boolean(max_boolean(array)?)))
        }
        // Every text of a dictionary stands in some row.
        DataType::Dictionary(..) => extremes(array.as_any_dictionary().values()),
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            Some((Scalar::Text(min_string(array)?.to_owned()), Scalar::Text(max_string(array)?.to_owned())))
        }
        DataType::Float64 => of_numbers::<Float64Type>(array, Scalar::Decimal),
        DataType::Int64 => of_numbers::<Int64Type>(array, Scalar::Integer),
        DataType::Date32 => of_numbers::<Date32Type>(array, |days| Scalar::Integer(days.into())),
        DataType::Timestamp(..) => of_numbers::<TimestampMicrosecondType>(array, Scalar::Integer),
        _ => None,
    }
}

fn of_numbers<T: ArrowPrimitiveType>(
    array: &dyn Array,
    scalar: impl Fn(T::Native) -> Scalar,
) -> Option<(Scalar, Scalar)>
where
    T::Native: arrow::datatypes::ArrowNativeTypeOp,
{
    let array = array.as_primitive::<T>();
    Some((scalar(min(array)?), scalar(max(array)?)))
}
