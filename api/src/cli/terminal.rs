//! Text for the person, or the program, at the other end of standard output.

use std::io::Write;

use anyhow::Result;

/// Writes a text as it is.
///
/// # Errors
/// When nobody reads it any more.
pub(super) fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
