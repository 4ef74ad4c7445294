//! The dataframe seam: a frame is a sequence of chunks, each one Arrow IPC stream of about half a megabyte,
//! and a manifest that publishes them. Small chunks let a page or a few columns be read without the rest.

mod codec;
mod compact;
mod folder;
mod frame_id;
mod manifest;
mod mongo;
pub mod schema;

use anyhow::{Context, Result, anyhow, bail, ensure};
use arrow::array::RecordBatch;
use bytes::Bytes;
use domain::{DatasetId, ReportId};
use url::Url;

use folder::Folder;
use mongo::Mongo;

pub use codec::encode;
pub use compact::expand;
pub use frame_id::FrameId;
pub use manifest::Manifest;

/// The size that an encoded chunk stays below, well within the 16 MiB of a MongoDB document.
const CHUNK_MAX_BYTES: usize = 16 * 1000 * 1000;

/// Where dataframes are stored.
#[derive(Clone)]
pub enum Frames {
    /// A folder of the file system.
    Folder(Folder),
    /// A MongoDB database, which several processes share.
    Mongo(Mongo),
}

impl Frames {
    /// Opens the store that a URL names: `file:///folder`, which is created, or `mongodb://host/database`.
    ///
    /// # Errors
    /// When the scheme is not supported, the folder cannot be made or the server does not answer.
    pub async fn open(url: &Url) -> Result<Self> {
        match url.scheme() {
            "file" => {
                let path = url.to_file_path().map_err(|()| anyhow!("'{url}' does not name a folder"))?;
                Ok(Self::Folder(Folder::open(&path).await?))
            }
            "mongodb" | "mongodb+srv" => Ok(Self::Mongo(Mongo::open(url).await?)),
            other => bail!("the frames URL begins with '{other}:'; supported are file: and mongodb:"),
        }
    }

    /// Stores an encoded chunk; the same index again overwrites it.
    ///
    /// # Errors
    /// When the chunk is too large or cannot be written.
    pub async fn put_chunk(&self, frame: &FrameId, index: u32, bytes: Bytes) -> Result<()> {
        ensure!(bytes.len() < CHUNK_MAX_BYTES, "chunk {index} of {frame} has {} bytes", bytes.len());
        match self {
            Self::Folder(folder) => folder.put_chunk(frame, index, bytes).await,
            Self::Mongo(mongo) => mongo.put_chunk(frame, index, bytes).await,
        }
        .with_context(|| format!("writing chunk {index} of {frame}"))
    }

    /// Publishes a frame whose chunks are stored: from now on it exists, survives a power cut, and has no
    /// chunks of a longer frame that stood here before.
    ///
    /// # Errors
    /// When the manifest names no chunk, a chunk is missing or the manifest cannot be written.
    pub async fn finish(&self, frame: &FrameId, manifest: &Manifest) -> Result<()> {
        ensure!(!manifest.chunk_rows.is_empty(), "{frame} has no chunk");
        match self {
            Self::Folder(folder) => folder.finish(frame, manifest).await,
            Self::Mongo(mongo) => mongo.finish(frame, manifest).await,
        }
        .with_context(|| format!("publishing {frame}"))
    }

    /// What a frame consists of; nothing when it was not published.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn manifest(&self, frame: &FrameId) -> Result<Option<Manifest>> {
        match self {
            Self::Folder(folder) => folder.manifest(frame).await,
            Self::Mongo(mongo) => mongo.manifest(frame).await,
        }
        .with_context(|| format!("reading the manifest of {frame}"))
    }

    /// Reads one chunk, all columns or those at some places of the schema.
    ///
    /// # Errors
    /// When there is no such chunk or it cannot be read.
    pub async fn chunk(&self, frame: &FrameId, index: u32, columns: Option<&[usize]>) -> Result<RecordBatch> {
        match self {
            Self::Folder(folder) => folder.chunk(frame, index, columns).await,
            Self::Mongo(mongo) => mongo.chunk(frame, index, columns).await,
        }
        .with_context(|| format!("reading chunk {index} of {frame}"))
    }

    /// Reads at most `limit` rows from the row `offset` on; touches only the chunks that hold them. There is
    /// always at least one batch, so that the schema is known.
    ///
    /// # Errors
    /// When the frame does not exist or cannot be read.
    pub async fn page(
        &self,
        frame: &FrameId,
        offset: u64,
        limit: usize,
        columns: Option<&[usize]>,
    ) -> Result<Vec<RecordBatch>> {
        let manifest = self.manifest(frame).await?.with_context(|| format!("there is no frame {frame}"))?;
        let mut batches = Vec::new();
        for (index, first, rows) in manifest.slices(offset, limit as u64) {
            batches.push(self.chunk(frame, index, columns).await?.slice(first, rows));
        }
        Ok(batches)
    }

    /// Removes all frames of a dataset, if there are any.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub async fn delete_dataset(&self, id: DatasetId) -> Result<()> {
        self.delete(FrameId::folder_of_dataset(id)).await
    }

    /// Removes all frames of a report, if there are any.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub async fn delete_report(&self, id: ReportId) -> Result<()> {
        self.delete(FrameId::folder_of_report(id)).await
    }

    async fn delete(&self, owner: String) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.delete(&owner).await,
            Self::Mongo(mongo) => mongo.delete(&owner).await,
        }
        .with_context(|| format!("deleting the frames of {owner}"))
    }

    /// Whether the store can be reached.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn check(&self) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.check().await,
            Self::Mongo(mongo) => mongo.check().await,
        }
    }
}

#[cfg(test)]
mod conformance;
