//! Frames as files: CSV, Parquet or Arrow, written chunk by chunk while they are sent.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::csv::WriterBuilder;
use arrow::csv::writer::Terminator;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::StreamWriter;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use parquet::arrow::ArrowWriter;
use projections::Frames;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{
    ContentBuilder, KnownFormat, ObjectBuilder, RefOr, Response as Documented, ResponseBuilder, SchemaFormat, Type,
};
use utoipa::{IntoResponses, ToSchema};

use crate::http::frame_rows::FrameRows;
use crate::http::problem::Problem;

/// Rows that are read and written at once.
const BATCH_ROWS: usize = 16_384;

/// The format of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Format)]
pub(crate) enum DownloadFormat {
    /// RFC 4180, with a header.
    #[default]
    Csv,
    /// Apache Parquet.
    Parquet,
    /// An Apache Arrow IPC stream.
    Arrow,
}

/// What becomes of text that a spreadsheet would take for a formula, in CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formulas {
    /// It stays as it came: the file is data.
    Kept,
    /// It begins with an apostrophe, and lines end as RFC 4180 says: the file is for people.
    Disarmed,
}

impl DownloadFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}

/// A file as the documentation has it.
pub(crate) struct FrameFile;

impl IntoResponses for FrameFile {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        let content =
            |kind| ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String).format(kind)));
        let binary = || content(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).build();
        let file = ResponseBuilder::new()
            .description("The file, in the format that was asked for")
            .content("text/csv", content(None).build())
            .content(DownloadFormat::Parquet.media_type(), binary())
            .content(DownloadFormat::Arrow.media_type(), binary());
        BTreeMap::from([("200".to_owned(), file.build().into())])
    }
}

/// Some rows of a frame as a file to save under a name without extension.
///
/// # Errors
/// 500 when the first rows cannot be read; a later failure breaks the body off.
pub(crate) async fn download(
    frames: Frames,
    rows: FrameRows,
    (format, formulas): (DownloadFormat, Formulas),
    name: &str,
) -> Result<Response, Problem> {
    let first = frames.page(&rows.frame, 0, 1, None).await?;
    let Some(schema) = first.first().map(RecordBatch::schema) else {
        return Err(anyhow::anyhow!("a frame without a chunk").into());
    };
    let headers = [
        (CONTENT_TYPE, format.media_type().to_owned()),
        (CONTENT_DISPOSITION, attachment(&format!("{name}.{}", format.extension()))),
    ];
    let body = encoded(frames, rows, Encoder::new(format, formulas, &schema)?);
    Ok((headers, Body::from_stream(body)).into_response())
}

/// The value of `Content-Disposition` for a file name of any characters (RFC 6266).
pub(crate) fn attachment(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) { c } else { '_' }).collect();
    let encoded: String = name.bytes().map(percent).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        (byte as char).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

fn encoded(
    frames: Frames,
    FrameRows { frame, mut ranges }: FrameRows,
    encoder: Encoder,
) -> impl Stream<Item = Result<Bytes>> + Send {
    ranges.retain(|range| !range.is_empty());
    ranges.reverse();
    stream::try_unfold((Some(encoder), ranges), move |(encoder, mut ranges)| {
        let (frames, frame) = (frames.clone(), frame.clone());
        async move {
            let Some(encoder) = encoder else { return Ok(None) };
            let Some(Range { start, end }) = ranges.pop() else {
                return Ok(Some((encoder.finish()?, (None, ranges))));
            };
            let limit = BATCH_ROWS.min(usize::try_from(end - start)?);
            let batches = frames.page(&frame, start, limit, None).await?;
            let (encoder, bytes) = tokio::task::spawn_blocking(move || encoder.write(&batches)).await??;
            ranges.extend(Some(start + limit as u64..end).filter(|rest| !rest.is_empty()));
            Ok(Some((bytes, (Some(encoder), ranges))))
        }
    })
    .filter(|bytes| std::future::ready(!bytes.as_ref().is_ok_and(Bytes::is_empty)))
}

/// Turns batches into the bytes of a file, drained after each.
enum Encoder {
    Csv { header: bool, formulas: Formulas },
    Parquet(Box<ArrowWriter<Vec<u8>>>),
    Arrow(Box<StreamWriter<Vec<u8>>>),
}

impl Encoder {
    fn new(format: DownloadFormat, formulas: Formulas, schema: &SchemaRef) -> Result<Self> {
        Ok(match format {
            DownloadFormat::Csv => Self::Csv { header: true, formulas },
            DownloadFormat::Parquet => Self::Parquet(Box::new(ArrowWriter::try_new(Vec::new(), schema.clone(), None)?)),
            DownloadFormat::Arrow => Self::Arrow(Box::new(StreamWriter::try_new(Vec::new(), schema)?)),
        })
    }

    fn write(mut self, batches: &[RecordBatch]) -> Result<(Self, Bytes)> {
        let mut bytes = Vec::new();
        for batch in batches {
            match &mut self {
                Self::Csv { header, formulas } => {
                    let writer = WriterBuilder::new().with_header(std::mem::take(header));
                    match formulas {
                        Formulas::Kept => writer.build(&mut bytes).write(batch)?,
                        Formulas::Disarmed => {
                            let writer = writer.with_line_terminator(Terminator::CRLF);
                            writer.build(&mut bytes).write(&without_formulas(batch)?)?;
                        }
                    }
                }
                Self::Parquet(writer) => writer.write(batch)?,
                Self::Arrow(writer) => writer.write(batch)?,
            }
        }
        match &mut self {
            Self::Csv { .. } => {}
            Self::Parquet(writer) => {
                writer.flush()?;
                bytes = std::mem::take(writer.inner_mut());
            }
            Self::Arrow(writer) => bytes = std::mem::take(writer.get_mut()),
        }
        bytes.flush()?;
        Ok((self, bytes.into()))
    }

    fn finish(self) -> Result<Bytes> {
        Ok(match self {
            Self::Csv { .. } => Bytes::new(),
            Self::Parquet(writer) => writer.into_inner()?.into(),
            Self::Arrow(writer) => writer.into_inner()?.into(),
        })
    }
}

/// Text that begins like a formula gets an apostrophe, as OWASP advises against CSV injection; also the names of columns,
/// which come from files too.
fn without_formulas(batch: &RecordBatch) -> Result<RecordBatch> {
    let safe = |column: &ArrayRef| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8 if column.as_string::<i32>().iter().flatten().any(is_formula) => {
                let cells = column.as_string::<i32>().iter();
                let cells = cells
                    .map(|cell| cell.map(|text| if is_formula(text) { format!("'{text}") } else { text.to_owned() }));
                Arc::new(cells.collect::<StringArray>())
            }
            _ => column.clone(),
        }
    };
    let named = |field: &Arc<Field>| {
        let name = if is_formula(field.name()) { format!("'{}", field.name()) } else { field.name().clone() };
        field.as_ref().clone().with_name(name)
    };
    let schema = Schema::new(batch.schema().fields().iter().map(named).collect::<Vec<_>>());
    Ok(RecordBatch::try_new(Arc::new(schema), batch.columns().iter().map(safe).collect())?)
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cells_cannot_become_formulas() {
        let cells: ArrayRef = Arc::new(StringArray::from(vec![Some("=1+1"), Some("plain"), None]));
        let batch = RecordBatch::try_from_iter([("@name", cells)]).unwrap();
        let (_, bytes) =
            Encoder::new(DownloadFormat::Csv, Formulas::Disarmed, &batch.schema()).unwrap().write(&[batch]).unwrap();
        assert_eq!(bytes, "'@name\r\n'=1+1\r\nplain\r\n\"\"\r\n");
    }

    #[test]
    fn a_file_name_of_any_characters_is_sent_twice() {
        assert_eq!(
            attachment("año \"1\".csv"),
            "attachment; filename=\"a_o__1_.csv\"; filename*=UTF-8''a%C3%B1o%20%221%22.csv"
        );
    }
}
