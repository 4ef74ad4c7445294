//! Rules for single fields, shared by the aggregates, and the error that names the field.

/// A field whose value cannot be accepted, and why, in words for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// The name of the field in the request.
    pub field: &'static str,
    /// What is wrong and what is expected.
    pub reason: String,
}

impl Invalid {
    /// A field and what is wrong with it.
    pub fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}

/// Trims a line of text and checks that it has 1 to `max` characters, none of them a control character.
pub(crate) fn line(field: &'static str, value: &str, max: usize) -> Result<String, Invalid> {
    let value = value.trim();
    if value.is_empty() {
        return Err(Invalid::new(field, "must not be empty"));
    }
    if value.chars().count() > max {
        return Err(Invalid::new(field, format!("must have at most {max} characters")));
    }
    if value.chars().any(char::is_control) {
        return Err(Invalid::new(field, "must not contain control characters"));
    }
    Ok(value.to_owned())
}

/// Like [`line`], for a field that may be left out; an empty text counts as left out.
pub(crate) fn optional_line(field: &'static str, value: Option<String>, max: usize) -> Result<Option<String>, Invalid> {
    match value {
        Some(value) if !value.trim().is_empty() => line(field, &value, max).map(Some),
        _ => Ok(None),
    }
}
