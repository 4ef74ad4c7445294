//! A column of a frame: where it stands, its name, and the type of its values.

use std::marker::PhantomData;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{Array, ArrowPrimitiveType, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

/// A column whose values are an array `A` of Arrow.
pub struct FrameColumn<A> {
    index: usize,
    name: &'static str,
    is_nullable: bool,
    values: PhantomData<fn() -> A>,
}

/// An array that holds the values of a column.
pub trait ColumnValues: Array + 'static {
    /// The type that says so in a schema.
    fn arrow_type() -> DataType;
}

impl ColumnValues for StringArray {
    fn arrow_type() -> DataType {
        DataType::Utf8
    }
}

impl<T: ArrowPrimitiveType> ColumnValues for PrimitiveArray<T> {
    fn arrow_type() -> DataType {
        T::DATA_TYPE
    }
}

impl<A: ColumnValues> FrameColumn<A> {
    /// A column that may have nulls, at a place of the schema.
    pub(super) const fn nullable(index: usize, name: &'static str) -> Self {
        Self { index, name, is_nullable: true, values: PhantomData }
    }

    /// A column without nulls, at a place of the schema.
    pub(super) const fn required(index: usize, name: &'static str) -> Self {
        Self { index, name, is_nullable: false, values: PhantomData }
    }

    /// Where it stands in the schema, to say which columns of a frame are read.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Its values in a batch that was read with it.
    ///
    /// # Errors
    /// When it was not read, or has values of another type.
    pub fn of<'a>(&self, batch: &'a RecordBatch) -> Result<&'a A> {
        let column =
            batch.column_by_name(self.name).with_context(|| format!("a frame without column {}", self.name))?;
        column.as_any().downcast_ref().with_context(|| format!("column {} has another type", self.name))
    }

    pub(super) fn field(&self) -> Field {
        Field::new(self.name, A::arrow_type(), self.is_nullable)
    }
}

pub(super) fn schema(fields: impl IntoIterator<Item = Field>) -> SchemaRef {
    Arc::new(Schema::new(fields.into_iter().collect::<Vec<_>>()))
}
