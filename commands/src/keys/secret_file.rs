//! The file that keeps the service secret, with mode 0600, and the one beside it that keeps the secret before.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::random::random_token;

/// The secret in a file, which is drawn at random and written when there is none, and the one before it.
pub(crate) fn load_or_create(path: &Path) -> Result<(String, Option<String>)> {
    let secret = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => create(path),
        read => read.map_err(anyhow::Error::from),
    };
    let secret = secret.with_context(|| format!("reading the secret key {}", path.display()))?.trim().to_owned();
    let previous = std::fs::read_to_string(previous_of(path)).ok().map(|previous| previous.trim().to_owned());
    let previous = previous.filter(|previous| *previous != secret);
    Ok((secret, previous))
}

/// Puts a new secret into a file; the old one stays beside it, with `_previous` at the end of the name. May be
/// cut off anywhere: the file always holds the old or the new secret, and the old one is never lost.
///
/// # Errors
/// When there is no such file, or it cannot be written.
pub fn rotate_secret_file(path: &Path) -> Result<()> {
    let old = std::fs::read_to_string(path).with_context(|| format!("reading the secret key {}", path.display()))?;
    replace(&previous_of(path), old.trim())?;
    replace(path, &random_token())
}

fn previous_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("_previous");
    name.into()
}

/// Writes a new secret. Whoever reads the file sees all of it, and of two who create it one wins for both.
fn create(path: &Path) -> Result<String> {
    let secret = random_token();
    match written(path, &secret)?.persist_noclobber(path) {
        Ok(_) => sync_folder(path)?,
        Err(lost) if lost.error.kind() == ErrorKind::AlreadyExists => return Ok(std::fs::read_to_string(path)?),
        Err(failed) => return Err(failed.into()),
    }
    Ok(secret)
}

fn replace(path: &Path, secret: &str) -> Result<()> {
    written(path, secret)?.persist(path).with_context(|| format!("writing {}", path.display()))?;
    sync_folder(path)
}

/// A temporary file beside the path that holds the secret; it has mode 0600 from the start.
fn written(path: &Path, secret: &str) -> Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().context("the secret key needs a folder")?)?;
    file.write_all(secret.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().context("the secret key needs a folder")?;
    Ok(std::fs::File::open(folder)?.sync_all()?)
}
