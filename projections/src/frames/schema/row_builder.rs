//! Frames whose rows are some texts, then some times, then some whole numbers, built row by row.

use std::marker::PhantomData;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, SchemaRef, TimestampMicrosecondType};

/// A frame that is written row by row.
pub trait RowFrame {
    /// What is known of a row.
    type Row<'a>;

    /// The columns: texts, then times, then whole numbers.
    fn schema() -> SchemaRef;

    /// Appends the values of a row in the order of the schema.
    fn append(row: &Self::Row<'_>, columns: &mut RowColumns);
}

/// Columns that grow row by row.
#[derive(Default)]
pub struct RowColumns {
    texts: Vec<StringBuilder>,
    times: Vec<Int64Builder>,
    numbers: Vec<Int64Builder>,
    bytes: usize,
}

impl RowColumns {
    fn of(schema: &SchemaRef) -> Self {
        let mut columns = Self::default();
        for field in schema.fields() {
            match field.data_type() {
                DataType::Utf8 => columns.texts.push(StringBuilder::new()),
                DataType::Int64 => columns.numbers.push(Int64Builder::new()),
                _ => columns.times.push(Int64Builder::new()),
            }
        }
        columns
    }

    pub(super) fn append<const T: usize, const M: usize, const N: usize>(
        &mut self,
        texts: [&str; T],
        times: [Option<i64>; M],
        numbers: [i64; N],
    ) {
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_value(text);
            self.bytes += text.len() + 4;
        }
        self.times.iter_mut().zip(times).for_each(|(builder, time)| builder.append_option(time));
        self.numbers.iter_mut().zip(numbers).for_each(|(builder, number)| builder.append_value(number));
        self.bytes += 8 * (M + N);
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        self.bytes = 0;
        let text = self.texts.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let time = self.times.iter_mut().map(|builder| {
            let times = builder.finish().reinterpret_cast::<TimestampMicrosecondType>();
            Arc::new(times) as ArrayRef
        });
        let number = self.numbers.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        text.chain(time).chain(number).collect()
    }
}

/// Rows of a frame that become a batch.
pub struct RowBuilder<F: RowFrame> {
    schema: SchemaRef,
    columns: RowColumns,
    frame: PhantomData<fn() -> F>,
}

impl<F: RowFrame> Default for RowBuilder<F> {
    fn default() -> Self {
        let schema = F::schema();
        Self { columns: RowColumns::of(&schema), schema, frame: PhantomData }
    }
}

impl<F: RowFrame> RowBuilder<F> {
    /// Adds a row.
    pub fn push(&mut self, row: &F::Row<'_>) {
        F::append(row, &mut self.columns);
    }

    /// The size of the rows since the last batch in memory, approximately.
    pub fn size_bytes(&self) -> usize {
        self.columns.bytes
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// Never, as the columns have one length.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        Ok(RecordBatch::try_new(self.schema.clone(), self.columns.finish())?)
    }
}
