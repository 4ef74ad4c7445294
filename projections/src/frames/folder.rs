//! Frames as files: `<frame>/<index>.arrow` and `<frame>/manifest.json` below one folder.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};

use super::Manifest;

const MANIFEST: &str = "manifest.json";

/// A folder that holds frames. Its methods block.
#[derive(Clone)]
pub struct Folder(Arc<Path>);

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.into())
    }

    pub(super) fn put_chunk(&self, frame: &str, index: u32, bytes: &[u8]) -> Result<()> {
        let folder = self.0.join(frame);
        match replace(&chunk(&folder, index), bytes, false) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(&folder)?;
                Ok(replace(&chunk(&folder, index), bytes, false)?)
            }
            written => Ok(written?),
        }
    }

    pub(super) fn finish(&self, frame: &str, manifest: &Manifest) -> Result<()> {
        let folder = self.0.join(frame);
        let chunks = manifest.chunk_rows.len() as u32;
        for index in 0..chunks {
            // Synced here and not when written: by now the system has written most of them by itself.
            File::open(chunk(&folder, index)).with_context(|| format!("opening chunk {index}"))?.sync_all()?;
        }
        sync_folder(&folder)?;
        replace(&folder.join(MANIFEST), &serde_json::to_vec(manifest)?, true)?;
        for folder in folder.ancestors().take_while(|folder| folder.starts_with(&self.0)) {
            sync_folder(folder)?;
        }
        remove_chunks_from(&folder, chunks)
    }

    pub(super) fn manifest(&self, frame: &str) -> Result<Option<Manifest>> {
        match fs::read(self.0.join(frame).join(MANIFEST)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn chunk(&self, frame: &str, index: u32) -> Result<Vec<u8>> {
        Ok(fs::read(chunk(&self.0.join(frame), index))?)
    }

    pub(super) fn delete(&self, owner: &str) -> Result<()> {
        match fs::remove_dir_all(self.0.join(owner)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        fs::read_dir(&self.0)?;
        Ok(())
    }
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
