//! `datacore generate`: sample purchases on standard output, and the truth about them beside.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::cli::sample_data::{self, Plan};

/// Writes the purchases of a plan, and who is of what kind into a file.
///
/// # Errors
/// When one of the two cannot be written.
pub(super) fn run(plan: &Plan, truth: Option<PathBuf>) -> Result<()> {
    if let Some(path) = truth {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        writeln!(file, "customer_id,kind")?;
        for (shopper, kind) in sample_data::truth(plan) {
            writeln!(file, "{shopper},{kind}")?;
        }
        file.flush()?;
    }
    let written = sample_data::purchases(plan, &mut std::io::stdout().lock());
    match written {
        // The reader has seen enough, as with `| head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing purchases"),
    }
}
