//! What comes of receiving a file.

/// A file that was received and is safe on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Where it is: `<customer>/<sha256>.<random>`. Each time that the same content comes it gets a file of its own,
    /// because the one before may still be about to be deleted.
    pub location: String,
}

/// Why a file was not received. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError<E> {
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It has more bytes than allowed.
    #[error("the file has more than {max} bytes")]
    TooLarge {
        /// How many are allowed.
        max: u64,
    },
    /// Its bytes did not come to an end.
    #[error("the bytes of the file broke off")]
    Source(E),
    /// It could not be stored.
    #[error("storing the file")]
    Failed(#[source] anyhow::Error),
}
