//! Makes a dataset of a file, and its shoppers again when somebody says what the columns mean.

use std::io::Read;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use domain::DatasetId;
use domain::dataset::{Column, Roles, ShopperSummary};
use encoding_rs::WINDOWS_1252;
use projections::frames::{FrameId, Frames};
use tokio::task::spawn_blocking;

use crate::ingest::reading::attempt::{Attempt, Found};
use crate::ingest::shoppers::Shoppers;
use crate::ingest::shoppers::roles::{self, Assignment};
use crate::ingest::text::source::Stop;

/// Readings of a file: as UTF-8 and as Windows-1252, and each again with the right types.
const ATTEMPTS: usize = 4;

/// What was made of a file. Its frames are stored.
#[derive(Debug)]
pub struct Ingested {
    /// Rows that were read.
    pub row_count: u64,
    /// Lines that were rejected.
    pub rejected_row_count: u64,
    /// The text encoding, such as `UTF-8`.
    pub encoding: String,
    /// What separates the fields.
    pub delimiter: String,
    /// Rows that say the same as an earlier one in every column.
    pub repeated_row_count: u64,
    /// The columns with their statistics and roles.
    pub columns: Vec<Column>,
    /// The shoppers, or a sentence saying why there are none.
    pub shoppers: Result<ShopperSummary, String>,
    /// The roles of earlier files that the reader knew.
    pub remembered: Roles,
}

/// Why a file became no dataset.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be used; the sentence says what is wrong and what to do.
    #[error("{0}")]
    Unreadable(String),
    /// Something else failed; trying again may help.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Reads a file and stores its rows, its rejected lines and its shoppers as frames. `open` gives the bytes of
/// the file from the beginning; it is asked again when the file turns out to be other than it began. `remembered`
/// is what a person said about the columns of an earlier file. `progress` is told how many bytes were read.
///
/// # Errors
/// `Unreadable` when the file itself is to blame, `Failed` when trying again may help.
pub async fn read_dataset(
    frames: &Frames,
    dataset: DatasetId,
    open: impl Fn() -> Result<Box<dyn Read + Send>> + Send + 'static,
    remembered: Roles,
    progress: impl Fn(u64) + Send + Sync + 'static,
) -> Result<Ingested, IngestError> {
    let mut attempt = Attempt { encoding: None, plan: None, remembered, progress: Arc::new(progress) };
    for _ in 0..ATTEMPTS {
        match attempt.run(frames, dataset, open()?, open()?).await {
            Ok(found) if found.is_settled => {
                let read = finish(frames, dataset, found).await?;
                return Ok(Ingested { remembered: attempt.remembered, ..read });
            }
            Ok(found) => attempt.plan = Some(found.outcome.plan),
            Err(Stop::WrongEncoding) => attempt.encoding = Some(WINDOWS_1252),
            Err(Stop::Error(error)) => return Err(error),
        }
    }
    Err(anyhow!("the types of the columns do not settle").into())
}

/// Publishes the rows, and the shoppers as far as there are any.
async fn finish(frames: &Frames, dataset: DatasetId, found: Found) -> Result<Ingested, IngestError> {
    let (layout, outcome) = (found.layout, found.outcome);
    if outcome.row_count == 0 {
        return Err(no_rows(outcome.first_reject.as_deref()));
    }
    frames.finish(&FrameId::rejects(dataset), &found.rejects).await?;
    frames.finish(&FrameId::rows(dataset), &found.rows).await?;
    let mut columns = found.statistics.columns(&outcome.plan);
    let mut repeats = found.repeats;
    let repeated_row_count = spawn_blocking(move || repeats.count()).await.map_err(anyhow::Error::from)??;
    let is_remembered = found.meaning.is_remembered();
    let (roles, shoppers) = found.meaning.settle(found.shoppers).await?;
    for (column, role) in columns.iter_mut().zip(roles) {
        column.role = role;
        column.reason = role.map(|role| roles::reason(column, role, is_remembered));
    }
    let shoppers = match shoppers {
        Some(shoppers) => shoppers.store(frames, dataset, 0).await?,
        None => aggregate(frames, dataset, 0, &columns).await?,
    };
    Ok(Ingested {
        row_count: outcome.row_count,
        rejected_row_count: outcome.rejected_row_count,
        repeated_row_count,
        encoding: layout.encoding.standard.name().to_owned(),
        delimiter: char::from(layout.delimiter).to_string(),
        columns,
        shoppers,
        remembered: Roles::new(),
    })
}

fn no_rows(first_reject: Option<&str>) -> IngestError {
    let reason = match first_reject {
        Some(reject) => format!("None of the rows could be read. {reject}. Check the delimiter and the export."),
        None => "The file has column names but no rows. Check the export.".to_owned(),
    };
    IngestError::Unreadable(reason)
}

/// Adds the shoppers of a dataset up under new roles and stores them as the frames of a revision.
///
/// # Errors
/// When frames cannot be read or stored. The inner error is a sentence for a person: why the roles give no shoppers.
pub async fn aggregate(
    frames: &Frames,
    dataset: DatasetId,
    revision: u32,
    columns: &[Column],
) -> Result<Result<ShopperSummary, String>> {
    let (places, roles): (Vec<usize>, Assignment) =
        columns.iter().enumerate().filter_map(|(place, column)| Some((place, Some(column.role?)))).unzip();
    let meaning = match roles::rows(&roles) {
        Ok(meaning) => meaning,
        Err(sentence) => return Ok(Err(sentence)),
    };
    let rows = FrameId::rows(dataset);
    let manifest = frames.manifest(&rows).await?.with_context(|| format!("there is no frame {rows}"))?;
    let mut shoppers = Shoppers::new(meaning);
    for index in 0..manifest.chunk_rows.len() {
        let batch = frames.chunk(&rows, u32::try_from(index)?, Some(&places)).await?;
        shoppers = spawn_blocking(move || shoppers.add(&batch).map(|()| shoppers)).await??;
    }
    shoppers.store(frames, dataset, revision).await
}

#[cfg(test)]
mod tests;
