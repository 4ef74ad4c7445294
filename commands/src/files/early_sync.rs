//! Sends a file on to the disk while more of it comes in.

use std::fs::File;
use std::path::PathBuf;

use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes after which what was written is sent on to the disk.
const SYNC_BYTES: usize = 32 << 20;
/// Sends a file on to the disk while more of it comes in, so that little is left to wait for at the end. It only saves
/// time: whether it works is not asked, and in the end the whole file is synchronised.
pub(super) struct EarlySync {
    path: PathBuf,
    /// What was written since it was last sent on.
    bytes: usize,
    sending: Option<JoinHandle<std::io::Result<()>>>,
}

impl EarlySync {
    pub(super) fn of(path: PathBuf) -> Self {
        Self { path, bytes: 0, sending: None }
    }

    pub(super) fn written(&mut self, bytes: usize) {
        self.bytes += bytes;
        let is_sending = self.sending.as_ref().is_some_and(|sending| !sending.is_finished());
        if self.bytes < SYNC_BYTES || is_sending {
            return;
        }
        self.bytes = 0;
        let path = self.path.clone();
        self.sending = Some(spawn_blocking(move || match being_written(&path)? {
            Some(file) => file.sync_data(),
            None => Ok(()),
        }));
    }
}

/// object_store writes into a file beside the one that it was asked for; its name is that name and something more.
fn being_written(path: &std::path::Path) -> std::io::Result<Option<File>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(name.as_encoded_bytes()) {
            return File::open(entry.path()).map(Some);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use object_store::local::LocalFileSystem;
    use object_store::path::Path;
    use object_store::{MultipartUpload, ObjectStoreExt};

    use super::*;

    #[tokio::test]
    async fn finds_the_file_that_is_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        let mut upload = store.put_multipart(&Path::from("other")).await.unwrap();
        upload.put_part("12345".into()).await.unwrap();
        let mut upload = store.put_multipart(&Path::from("incoming")).await.unwrap();
        upload.put_part("123".into()).await.unwrap();
        let file = being_written(&folder.path().join("incoming")).unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().len(), 3);
        assert!(being_written(&folder.path().join("none")).unwrap().is_none());
    }
}
