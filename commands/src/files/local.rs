//! Files in a folder, through object_store with fsync.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::{Bytes, BytesMut};
use domain::CustomerId;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use tokio_util::io::ReaderStream;
use url::Url;

use super::early_sync::EarlySync;
use super::location::{location, random_name};
use super::received::{ReceiveError, Received};

/// Where files are while they come in.
const INCOMING: &str = "incoming";
/// Bytes that are hashed and written at once; an upload holds twice as many, and one chunk of its source.
const PART_BYTES: usize = 1 << 20;
/// Bytes of a download that are read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// No upload takes longer, so what is older was left by a crash.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder of files.
#[derive(Clone)]
pub struct LocalFiles {
    root: PathBuf,
    store: LocalFileSystem,
}

impl LocalFiles {
    pub async fn open(url: &Url) -> Result<Self> {
        let root = url.to_file_path().ok();
        let root = root.with_context(|| format!("'{url}' names no folder; write file:///<absolute path>"))?;
        let incoming = root.join(INCOMING);
        let failed = || format!("opening the folder of files {}", root.display());
        tokio::fs::create_dir_all(&incoming).await.with_context(failed)?;
        sweep(incoming).await.with_context(failed)?;
        let store = LocalFileSystem::new_with_prefix(&root).with_context(failed)?.with_fsync(true);
        Ok(Self { root, store })
    }

    pub async fn receive<S, E>(&self, customer: CustomerId, bytes: S, max: u64) -> Result<Received, ReceiveError<E>>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let incoming = Path::from_iter([INCOMING, &random_name()]);
        let _removed_at_the_end = Temporary(self.root.join(incoming.as_ref()));
        let upload = self.store.put_multipart(&incoming).await.context("creating a temporary file");
        // Dropped before it is complete, it removes what it has written, a moment later.
        let mut upload = upload.map_err(ReceiveError::Failed)?;
        let sync = EarlySync::of(self.root.join(incoming.as_ref()));
        let (sha256, size_bytes) = match pour(bytes, &mut upload, sync, max).await {
            Ok(poured) => poured,
            Err(error) => {
                // Whoever is refused finds nothing left behind; a failure here is made up for by the next sweep.
                let _ = upload.abort().await;
                return Err(error);
            }
        };
        let location = location(customer, &sha256);
        let keep = async {
            upload.complete().await.context("synchronising a file")?;
            self.store.rename(&incoming, &Path::from(location.as_str())).await.context("moving a file to its place")
        };
        keep.await.map_err(ReceiveError::Failed)?;
        Ok(Received { sha256, size_bytes, location })
    }

    pub async fn delete(&self, location: &str) -> Result<()> {
        match self.store.delete(&Path::from(location)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("deleting the file {location}")),
        }
    }

    pub fn reader(&self, location: &str) -> Result<Box<dyn Read + Send>> {
        let file = File::open(self.root.join(location));
        Ok(Box::new(file.with_context(|| format!("opening the file {location}"))?))
    }

    pub async fn stream(&self, location: &str) -> Result<(u64, BoxStream<'static, Result<Bytes>>)> {
        let failed = || format!("opening the file {location}");
        let file = tokio::fs::File::open(self.root.join(location)).await.with_context(failed)?;
        let size_bytes = file.metadata().await.with_context(failed)?.len();
        // object_store would read 8 KiB at a time, each on another thread.
        let bytes = ReaderStream::with_capacity(file, CHUNK_BYTES);
        Ok((size_bytes, bytes.map(|chunk| chunk.context("reading a file")).boxed()))
    }

    pub async fn check(&self) -> Result<()> {
        let folder = self.root.join(INCOMING);
        let found = tokio::fs::metadata(&folder).await.with_context(|| format!("looking at {}", folder.display()))?;
        ensure!(found.is_dir() && !found.permissions().readonly(), "{} cannot be written to", folder.display());
        Ok(())
    }
}

/// Counts, hashes and writes a stream; gives the digest and the size.
async fn pour<S, E>(
    mut bytes: S,
    upload: &mut Box<dyn MultipartUpload>,
    mut sync: EarlySync,
    max: u64,
) -> Result<([u8; 32], u64), ReceiveError<E>>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let (mut hash, mut size_bytes) = (Sha256::new(), 0);
    let mut part = next_part(&mut bytes).await?;
    while !part.is_empty() {
        size_bytes += part.len() as u64;
        if size_bytes > max {
            return Err(ReceiveError::TooLarge { max });
        }
        let part_bytes = part.len();
        // The next part comes in while this one is hashed and written.
        let (next, hashed) = tokio::join!(next_part(&mut bytes), put(upload, part, hash));
        hash = hashed.map_err(ReceiveError::Failed)?;
        sync.written(part_bytes);
        part = next?;
    }
    if size_bytes == 0 {
        return Err(ReceiveError::Empty);
    }
    Ok((hash.finalize().into(), size_bytes))
}

/// Collects the bytes of the next part; none when the stream has ended.
async fn next_part<S, E>(bytes: &mut S) -> Result<Bytes, ReceiveError<E>>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let mut part = BytesMut::new();
    while let Some(chunk) = bytes.next().await {
        if part.is_empty() {
            part.reserve(PART_BYTES + PART_BYTES / 4);
        }
        part.extend_from_slice(&chunk.map_err(ReceiveError::Source)?);
        if part.len() >= PART_BYTES {
            break;
        }
    }
    Ok(part.freeze())
}

/// Hashes and writes a part at the same time, both off the threads that serve requests.
async fn put(upload: &mut Box<dyn MultipartUpload>, part: Bytes, mut hash: Sha256) -> Result<Sha256> {
    let hashed = part.clone();
    let hashing = spawn_blocking(move || {
        hash.update(&hashed);
        hash
    });
    let (written, hash) = tokio::join!(upload.put_part(part.into()), hashing);
    written.context("writing a temporary file")?;
    hash.context("hashing a file")
}

/// Removes a file when it goes out of scope, also when the upload is cancelled.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Mostly it was moved away; what cannot be removed now is swept out at a later start.
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn sweep(incoming: PathBuf) -> Result<()> {
    let mut entries = tokio::fs::read_dir(incoming).await?;
    while let Some(entry) = entries.next_entry().await? {
        let modified = entry.metadata().await.and_then(|file| file.modified());
        let is_left_behind = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > LEFT_BEHIND));
        if is_left_behind {
            match tokio::fs::remove_file(entry.path()).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
    }
    Ok(())
}
