//! Why a file became no dataset: it is to blame itself, or something else failed.

/// Why a file became no dataset.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be used; the sentence says what is wrong and what to do.
    #[error("{0}")]
    Unreadable(String),
    /// Something else failed; trying again may help.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// A file that cannot be used; the sentence says what is wrong and what to do.
pub(crate) fn unreadable(sentence: impl Into<String>) -> IngestError {
    IngestError::Unreadable(sentence.into())
}
