//! The files seam: uploaded files, each under the address of its content. They are written once,
//! streamed and never held in memory.

mod local;

use std::io::Read;

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use domain::CustomerId;
use futures::Stream;
use futures::stream::BoxStream;
use url::Url;
use uuid::Uuid;

use local::LocalFiles;

/// Where uploaded files are kept.
#[derive(Clone)]
pub enum Files {
    /// A folder, local or on a shared volume.
    Local(LocalFiles),
}

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

impl Files {
    /// Opens the place that a URL names, such as `file:///var/lib/datacore/files`, and sweeps out what broken
    /// uploads left there a day ago or earlier.
    ///
    /// # Errors
    /// When the scheme is not supported, or the folder cannot be made.
    pub async fn open(url: &Url) -> Result<Self> {
        match url.scheme() {
            "file" => Ok(Self::Local(LocalFiles::open(url).await?)),
            other => bail!("the files URL begins with '{other}:'; supported is file:///<path of a folder>"),
        }
    }

    /// Stores a stream of bytes, once through: counted, hashed and written at the same time, then synchronised and
    /// put at the address of its content.
    ///
    /// # Errors
    /// When the stream is empty, too long or fails, or the file cannot be stored.
    pub async fn receive<S, E>(
        &self,
        customer: CustomerId,
        bytes: S,
        max_bytes: u64,
    ) -> Result<Received, ReceiveError<E>>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        match self {
            Self::Local(files) => files.receive(customer, bytes, max_bytes).await,
        }
    }

    /// Removes a file; one that is gone stays gone.
    ///
    /// # Errors
    /// When the location is none, or the file cannot be removed.
    pub async fn delete(&self, location: &str) -> Result<()> {
        check(location)?;
        match self {
            Self::Local(files) => files.delete(location).await,
        }
    }

    /// The bytes of a file, for a thread that may block.
    ///
    /// # Errors
    /// When the location is none, or the file cannot be opened.
    pub fn reader(&self, location: &str) -> Result<Box<dyn Read + Send>> {
        check(location)?;
        match self {
            Self::Local(files) => files.reader(location),
        }
    }

    /// The size of a file in bytes, and the bytes.
    ///
    /// # Errors
    /// When the location is none, or the file cannot be opened.
    pub async fn stream(&self, location: &str) -> Result<(u64, BoxStream<'static, Result<Bytes>>)> {
        check(location)?;
        match self {
            Self::Local(files) => files.stream(location).await,
        }
    }

    /// Fails when files cannot be kept.
    ///
    /// # Errors
    /// What is wrong with the place.
    pub async fn check(&self) -> Result<()> {
        match self {
            Self::Local(files) => files.check().await,
        }
    }
}

/// Where a new file of a content belongs.
fn location(customer: CustomerId, sha256: &[u8; 32]) -> String {
    let digest: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{customer}/{digest}.{}", random_name())
}

fn random_name() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Accepts nothing but what [`location`] gives: no way leads out of the place.
fn check(location: &str) -> Result<()> {
    let is_hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let valid = location.split_once('/').is_some_and(|(customer, name)| {
        let name = name.split_once('.').is_some_and(|(digest, random)| is_hex(digest, 64) && is_hex(random, 16));
        customer.parse::<Uuid>().is_ok_and(|id| id.to_string() == customer) && name
    });
    ensure!(valid, "'{location}' is not the location of a file");
    Ok(())
}
