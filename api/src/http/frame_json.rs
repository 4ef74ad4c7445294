//! Rows of a frame as JSON objects, keyed by column name.

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use arrow::json::WriterBuilder;
use arrow::json::writer::JsonArray;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::response::{encode_cursor, page};

/// One page of a list of rows.
///
/// Arrow writes the JSON once and it is sent as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = List_Object, description = "One page of a list of rows.")]
pub(crate) struct FrameJson {
    /// The rows, as objects keyed by column name.
    #[schema(value_type = Vec<Object>)]
    items: Box<RawValue>,
    /// The cursor of the next page, when there is one.
    next: Option<String>,
}

/// Rows as a list of objects; `next` is the offset of the next page.
///
/// # Errors
/// When a column has a type without a JSON form; frames have none.
pub(crate) fn objects(batches: &[RecordBatch], next: Option<u64>) -> Result<FrameJson> {
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
    writer.write_batches(&batches.iter().collect::<Vec<_>>())?;
    writer.finish()?;
    let mut json = String::from_utf8(writer.into_inner()).context("rows as JSON")?;
    if json.is_empty() {
        json.push_str("[]");
    }
    Ok(FrameJson { items: RawValue::from_string(json)?, next: next.map(encode_cursor) })
}

impl IntoResponse for FrameJson {
    fn into_response(self) -> Response {
        page(&self, self.next.as_deref())
    }
}
