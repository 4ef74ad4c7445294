//! The files seam: uploaded files, each under the address of its content. They are written once,
//! streamed and never held in memory.

mod early_sync;
mod local;
mod location;
pub(crate) mod received;

use std::io::Read;

use anyhow::{Result, bail};
use bytes::Bytes;
use domain::CustomerId;
use futures::Stream;
use futures::stream::BoxStream;
use url::Url;

use local::LocalFiles;
use location::check;
use received::{ReceiveError, Received};

/// Where uploaded files are kept.
#[derive(Clone)]
pub enum Files {
    /// A folder, local or on a shared volume.
    Local(LocalFiles),
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
