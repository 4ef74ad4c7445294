//! JSON bodies, path parameters and queries.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

use crate::http::problem::{FieldProblem, MALFORMED, NOT_FOUND, Problem, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};

/// What is said of a NUL in a text.
const NO_NUL: &str = "must not contain a NUL character";

/// A JSON body; unknown and wrong fields are named by pointer.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(UNSUPPORTED_MEDIA_TYPE.with_detail("Send JSON, with 'Content-Type: application/json'."));
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status().as_u16() {
                413 => TOO_LARGE.with_detail("A JSON body may have at most 1 MiB."),
                _ => MALFORMED.with_detail("The body broke off."),
            })?;
        parse(&bytes).map(Self)
    }
}

/// A field that may be left out, but is not `null`: `#[serde(default, deserialize_with = "given")]`.
///
/// # Errors
/// When it is `null`, or the value is a wrong one.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| MALFORMED.with_detail(format!("The body is not valid JSON: {error}.")))?;
    if !value.is_object() {
        return Err(Problem::field("", "the body must be a JSON object"));
    }
    if let Some(pointer) = nul(&value) {
        return Err(Problem::field(pointer, NO_NUL));
    }
    // A second step, so that what is well-formed but wrong is told by field.
    serde_path_to_error::deserialize(value).map_err(|error| explain(pointer(error.path()), &error.inner().to_string()))
}

/// Where a text holds a NUL. It means nothing to a person, and PostgreSQL cannot store it.
fn nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| below(&index.to_string(), item)),
        Value::Object(fields) => fields.iter().find_map(|(name, field)| match name.contains('\0') {
            true => Some(String::new()),
            false => below(name, field),
        }),
        _ => None,
    }
}

fn below(name: &str, value: &Value) -> Option<String> {
    Some(format!("/{}{}", escaped(name), nul(value)?))
}

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn explain(mut pointer: String, detail: &str) -> Problem {
    if let Some(field) = named_in(detail).map(|name| format!("/{name}")).filter(|field| !pointer.ends_with(field)) {
        pointer += &field;
    }
    Problem::field(pointer, detail)
}

/// The field that serde names in backticks when it is missing or unknown.
fn named_in(detail: &str) -> Option<&str> {
    let rest = detail.strip_prefix("unknown field `").or_else(|| detail.strip_prefix("missing field `"))?;
    rest.split('`').next()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment::*;
    path.iter()
        .filter_map(|segment| match segment {
            Seq { index } => Some(format!("/{index}")),
            Map { key } => Some(format!("/{}", escaped(key))),
            Enum { .. } | Unknown => None,
        })
        .collect()
}

/// Path parameters; an id that is none leads nowhere.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| NOT_FOUND.with_detail("There is nothing at this address: a part of it is not a valid id."))
    }
}

/// Query parameters; unknown and wrong ones are named.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(name) = nul_parameter(parts.uri.query().unwrap_or_default()) {
            return Err(Problem::field(format!("?{name}"), NO_NUL));
        }
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|rejection| {
            let text = std::error::Error::source(&rejection).map_or_else(|| rejection.to_string(), ToString::to_string);
            let (pointer, detail) = match (named_in(&text), text.split_once(": ")) {
                (Some(name), _) => (format!("?{name}"), text.clone()),
                (None, Some((name, detail))) => (format!("?{name}"), detail.to_owned()),
                (None, None) => ("?".to_owned(), text.clone()),
            };
            Problem::fields(vec![FieldProblem { pointer, detail }])
        })
    }
}

/// The first parameter with a NUL, which can only come percent-encoded.
fn nul_parameter(query: &str) -> Option<&str> {
    let pair = query.split('&').find(|pair| pair.contains("%00"))?;
    Some(pair.split(['=', '%']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_a_nul_wherever_it_is() {
        for (value, pointer) in [
            (json!({"name": "a\0b"}), Some("/name")),
            (json!({"list": ["a", {"b/c": "\0"}]}), Some("/list/1/b~1c")),
            (json!({"roles": {"a\0": 1}}), Some("/roles")),
            (json!({"name": "\\u0000", "number": 0, "nothing": null}), None),
        ] {
            assert_eq!(nul(&value).as_deref(), pointer, "{value}");
        }
    }

    #[test]
    fn finds_a_nul_in_a_query() {
        assert_eq!(nul_parameter("a=1&q=x%00y"), Some("q"));
        assert_eq!(nul_parameter("a=1&q%00=x"), Some("q"));
        assert_eq!(nul_parameter("a=%2500"), None);
        assert_eq!(nul_parameter(""), None);
    }
}
