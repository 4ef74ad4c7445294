//! Frames as files: `<frame>/<index>.arrow` and `<frame>/manifest.json` below one folder.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::codec::decode;
use super::frame_id::FrameId;
use super::manifest::Manifest;

const MANIFEST: &str = "manifest.json";

/// A folder that holds frames.
#[derive(Clone)]
pub struct Folder(Arc<Path>);

impl Folder {
    pub(super) async fn open(path: &Path) -> Result<Self> {
        tokio::fs::create_dir_all(path).await.with_context(|| format!("creating {}", path.display()))?;
        Ok(Self(path.into()))
    }

    pub(super) async fn put_chunk(&self, frame: &FrameId, index: u32, bytes: Bytes) -> Result<()> {
        let folder = self.of(frame);
        spawn_blocking(move || put_chunk(&folder, index, &bytes)).await?
    }

    pub(super) async fn finish(&self, frame: &FrameId, manifest: &Manifest) -> Result<()> {
        let (root, folder, manifest) = (self.0.clone(), self.of(frame), manifest.clone());
        spawn_blocking(move || finish(&root, &folder, &manifest)).await?
    }

    pub(super) async fn manifest(&self, frame: &FrameId) -> Result<Option<Manifest>> {
        let path = self.of(frame).join(MANIFEST);
        match tokio::fs::read(path).await {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn chunk(&self, frame: &FrameId, index: u32, columns: Option<&[usize]>) -> Result<RecordBatch> {
        let (path, columns) = (chunk(&self.of(frame), index), columns.map(<[usize]>::to_vec));
        spawn_blocking(move || decode(&fs::read(path)?, columns.as_deref())).await?
    }

    pub(super) async fn delete(&self, owner: &str) -> Result<()> {
        match tokio::fs::remove_dir_all(self.0.join(owner)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(super) async fn check(&self) -> Result<()> {
        tokio::fs::read_dir(&self.0).await.map(drop).context("looking for the folder of the frames")
    }

    fn of(&self, frame: &FrameId) -> PathBuf {
        self.0.join(frame.as_str())
    }
}

fn put_chunk(folder: &Path, index: u32, bytes: &[u8]) -> Result<()> {
    match replace(&chunk(folder, index), bytes, false) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            Ok(replace(&chunk(folder, index), bytes, false)?)
        }
        written => Ok(written?),
    }
}

fn finish(root: &Path, folder: &Path, manifest: &Manifest) -> Result<()> {
    let chunks = manifest.chunk_rows.len() as u32;
    for index in 0..chunks {
        // Synced here and not when written: by now the system has written most of them by itself.
        File::open(chunk(folder, index)).with_context(|| format!("opening chunk {index}"))?.sync_all()?;
    }
    sync_folder(folder)?;
    replace(&folder.join(MANIFEST), &serde_json::to_vec(manifest)?, true)?;
    for folder in folder.ancestors().take_while(|folder| folder.starts_with(root)) {
        sync_folder(folder)?;
    }
    remove_chunks_from(folder, chunks)
}

fn chunk(folder: &Path, index: u32) -> PathBuf {
    folder.join(format!("{index}.arrow"))
}

/// Writes a file under another name first, so that nobody reads half of it.
fn replace(path: &Path, bytes: &[u8], durable: bool) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    if durable {
        file.sync_all()?;
    }
    fs::rename(&part, path)
}

/// Makes the names of a folder survive a power cut.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn remove_chunks_from(folder: &Path, first: u32) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let index = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u32>().ok());
        if index.is_some_and(|index| index >= first) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
