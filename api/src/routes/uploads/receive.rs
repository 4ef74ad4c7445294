//! Takes the bytes of an upload off the wire: digest of what was sent, decompression, form parts, storage.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use commands::{ReceiveError, Received};
use domain::CustomerId;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use processors::csv::binary_content;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio_util::io::{ReaderStream, StreamReader};
use utoipa::IntoParams;

use crate::app::App;
use crate::http::problem::{DIGEST_MISMATCH, MALFORMED, Problem, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};
use crate::lock::lock;

/// The longest `description` part.
const DESCRIPTION_MAX_BYTES: usize = 8 * 1024;

/// What is said about a file whose bytes are the body.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FileQuery {
    /// The name of the file (when the body is the file itself).
    filename: Option<String>,
    /// What the file is (when the body is the file itself).
    description: Option<String>,
}

/// A file whose bytes are stored, and what was said about it.
pub(crate) struct IncomingFile {
    /// Where the bytes are and what they are.
    pub(crate) received: Received,
    /// The name of the file.
    pub(crate) filename: String,
    /// What the file is.
    pub(crate) description: Option<String>,
}

/// Stores the file in the request. When anything is wrong with the request, nothing of it stays.
///
/// # Errors
/// 400 for a broken body or a wrong digest, 413 over the limit, 415 for what is not text, 422 for an empty file or
/// form.
pub(crate) async fn receive(
    app: &App,
    customer: CustomerId,
    query: FileQuery,
    request: Request,
) -> Result<IncomingFile, Problem> {
    let (mut parts, body) = request.into_parts();
    let (body, digest) = digested(&parts.headers, body)?;
    let body = decompressed(&parts.headers, body)?;
    parts.headers.remove(CONTENT_ENCODING);
    let incoming = if is_form(&parts.headers) {
        form(app, customer, Request::from_parts(parts, body)).await?
    } else {
        raw(app, customer, query, &parts.headers, body).await?
    };
    if digest.is_some_and(|digest| !digest.matches()) {
        app.commands.files.delete(&incoming.received.location).await?;
        return Err(DIGEST_MISMATCH.with_detail("The body does not have the SHA-256 that Content-Digest names."));
    }
    Ok(incoming)
}

async fn raw(
    app: &App,
    customer: CustomerId,
    query: FileQuery,
    headers: &HeaderMap,
    body: Body,
) -> Result<IncomingFile, Problem> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/csv");
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !essence.starts_with("text/") && !matches!(&*essence, "application/csv" | "application/octet-stream") {
        let detail = format!("'{essence}' is not text. Send text/csv, or a multipart form with a part 'file'.");
        return Err(UNSUPPORTED_MEDIA_TYPE.with_detail(detail));
    }
    let bytes = body.into_data_stream().map_err(|error| broken(&error));
    let received = store(app, customer, Box::pin(bytes)).await?;
    let filename = query.filename.unwrap_or_else(|| "upload.csv".into());
    Ok(IncomingFile { received, filename, description: query.description })
}

async fn form(app: &App, customer: CustomerId, request: Request) -> Result<IncomingFile, Problem> {
    let mut form =
        Multipart::from_request(request, &()).await.map_err(|error| MALFORMED.with_detail(error.body_text()))?;
    let mut stored = None;
    let parts = parts(app, customer, &mut form, &mut stored).await;
    match (parts, stored) {
        (Ok(description), Some((received, filename))) => Ok(IncomingFile { received, filename, description }),
        (Ok(_), None) => Err(Problem::field("/file", "the form has no part 'file'")),
        (Err(problem), stored) => {
            if let Some((received, _)) = stored {
                app.commands.files.delete(&received.location).await?;
            }
            Err(problem)
        }
    }
}

/// Reads all parts in the order they come; the file goes to `stored`, the description is returned.
async fn parts(
    app: &App,
    customer: CustomerId,
    form: &mut Multipart,
    stored: &mut Option<(Received, String)>,
) -> Result<Option<String>, Problem> {
    let mut description = None;
    while let Some(part) = form.next_field().await.map_err(|error| refused(&error))? {
        match part.name() {
            Some("file") if stored.is_none() => {
                let filename = part.file_name().filter(|name| !name.is_empty()).unwrap_or("upload.csv").to_owned();
                let received = store(app, customer, Box::pin(bytes_of(part))).await?;
                *stored = Some((received, filename));
            }
            Some("description") if description.is_none() => description = Some(text_of(part).await?),
            name => {
                let detail = "is not expected; send one part 'file' and optionally one part 'description'";
                return Err(Problem::field(format!("/{}", name.unwrap_or_default()), detail));
            }
        }
    }
    Ok(description)
}

fn bytes_of(part: Field<'_>) -> impl Stream<Item = Result<Bytes, Problem>> + Send {
    part.map_err(|error| refused(&error))
}

async fn text_of(mut part: Field<'_>) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(bytes) = part.chunk().await.map_err(|error| refused(&error))? {
        text.extend_from_slice(&bytes);
        if text.len() > DESCRIPTION_MAX_BYTES {
            return Err(Problem::field("/description", "must have at most 1000 characters"));
        }
    }
    String::from_utf8(text).map_err(|_| Problem::field("/description", "must be UTF-8"))
}

async fn store<'a>(
    app: &App,
    customer: CustomerId,
    mut bytes: Pin<Box<dyn Stream<Item = Result<Bytes, Problem>> + Send + 'a>>,
) -> Result<Received, Problem> {
    let first = bytes.next().await.transpose()?.unwrap_or_default();
    if let Some(reason) = binary_content(&first) {
        return Err(UNSUPPORTED_MEDIA_TYPE.with_detail(reason));
    }
    let bytes = stream::once(async { Ok(first) }).chain(bytes);
    let received = app.commands.files.receive(customer, Box::pin(bytes), app.config.upload_max_bytes).await;
    received.map_err(|error| match error {
        ReceiveError::Empty => Problem::field("/file", "the file is empty; send a CSV with a header and rows"),
        ReceiveError::TooLarge { max } => {
            TOO_LARGE.with_detail(format!("The file has more than {max} bytes. Split it, or raise upload_max_bytes."))
        }
        ReceiveError::Source(problem) => problem,
        ReceiveError::Failed(error) => error.into(),
    })
}

/// The SHA-256 that the body must have, and the one it has so far.
struct ContentDigest {
    digest: Vec<u8>,
    sent: Arc<Mutex<Sha256>>,
}

impl ContentDigest {
    fn matches(&self) -> bool {
        let sent = lock(&self.sent).clone();
        sent.finalize().as_slice() == self.digest
    }
}

/// Hashes the body as it was sent when the caller gives its digest (RFC 9530). A digest that cannot be checked is
/// refused: whoever sends one relies on it.
fn digested(headers: &HeaderMap, body: Body) -> Result<(Body, Option<ContentDigest>), Problem> {
    let Some(header) = headers.get("content-digest").and_then(|value| value.to_str().ok()) else {
        return Ok((body, None));
    };
    let encoded = header.split(',').find_map(|digest| digest.trim().strip_prefix("sha-256="));
    let digest = encoded.and_then(|encoded| BASE64_STANDARD.decode(encoded.trim_matches(':')).ok());
    let digest = digest.ok_or_else(|| MALFORMED.with_detail("Content-Digest must be sha-256=:<base64>:."))?;
    let sent = Arc::new(Mutex::new(Sha256::new()));
    let hash = sent.clone();
    let body = Body::from_stream(body.into_data_stream().inspect_ok(move |bytes| {
        lock(&hash).update(bytes);
    }));
    Ok((body, Some(ContentDigest { digest, sent })))
}

fn decompressed(headers: &HeaderMap, body: Body) -> Result<Body, Problem> {
    let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes).unwrap_or(b"identity");
    if encoding == b"identity" {
        return Ok(body);
    }
    let reader = StreamReader::new(body.into_data_stream().map_err(std::io::Error::other));
    match encoding {
        b"gzip" => {
            let mut decoder = GzipDecoder::new(reader);
            decoder.multiple_members(true);
            Ok(Body::from_stream(ReaderStream::with_capacity(decoder, 64 * 1024)))
        }
        b"zstd" => Ok(Body::from_stream(ReaderStream::with_capacity(ZstdDecoder::new(reader), 64 * 1024))),
        _ => Err(UNSUPPORTED_MEDIA_TYPE.with_detail("Content-Encoding must be gzip or zstd.")),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.trim_start().to_ascii_lowercase().starts_with("multipart/")
}

fn refused(error: &MultipartError) -> Problem {
    MALFORMED.with_detail(format!("The form is broken: {}.", error.body_text().trim_end_matches('.')))
}

fn broken(error: &axum::Error) -> Problem {
    MALFORMED.with_detail(format!("The body broke off or is not compressed as Content-Encoding says: {error}."))
}
