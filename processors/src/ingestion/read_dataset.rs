//! Makes a dataset of a file, and its shoppers again when somebody says what the columns mean.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use domain::DatasetId;
use domain::csv_dialect::{Basis, Dialect, DialectChoice, Question};
use domain::dataset::{Column, Roles, ShopperSummary};
use encoding_rs::UTF_8;
use projections::frames::{FrameId, Frames};
use tokio::task::spawn_blocking;

use crate::aggregation::roles::assignment::RoleAssignment;
use crate::aggregation::roles::reason::reason;
use crate::aggregation::roles::row_shape::row_shape;
use crate::aggregation::shopper_totals::ShopperTotals;
use crate::csv::bytes::content::{Bytes, Content};
use crate::csv::bytes::encoding::{self, Damage};
use crate::csv::columns::conclusions::Conclusions;
use crate::csv::dialect::sniff::FileHints;
use crate::csv::error::IngestError;
use crate::ingestion::read_pass::{PassResult, ReadPass};

/// Readings of a file: as UTF-8 and in an older encoding, and each again with the right types. Where the types of one
/// column depend on those of another, a third time.
const MAX_PASSES: usize = 6;

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
    /// How the file is written, and how sure that is.
    pub dialect: Dialect,
    /// What the content leaves open.
    pub questions: Vec<Question>,
    /// The columns with their statistics and roles.
    pub columns: Vec<Column>,
    /// The shoppers, or a sentence saying why there are none.
    pub shoppers: Result<ShopperSummary, String>,
    /// The roles of earlier files that the reader knew.
    pub remembered: Roles,
}

/// What a person said before a file is read.
#[derive(Clone, Debug, Default)]
pub struct UserHints {
    /// About the columns of an earlier file.
    pub roles: Roles,
    /// About how this file is written.
    pub dialect: DialectChoice,
}

/// Reads a file and stores its rows, its rejected lines and its shoppers as frames. `open` gives the bytes of
/// the file from the beginning; it is asked again when the file turns out to be other than it began. `progress` is told
/// how many of the bytes were read.
///
/// # Errors
/// `Unreadable` when the file itself is to blame, `Failed` when trying again may help.
pub async fn read_dataset(
    frames: &Frames,
    dataset: DatasetId,
    open: impl Fn() -> Result<Bytes> + Send + 'static,
    user: UserHints,
    progress: impl Fn(u64) + Send + Sync + 'static,
) -> Result<Ingested, IngestError> {
    let content =
        spawn_blocking(move || Content::new(open, Arc::new(progress))).await.map_err(anyhow::Error::from)??;
    let chosen = user.dialect.encoding.as_deref().and_then(encoding::named).map(|encoding| (encoding, Basis::Chosen));
    let hints = FileHints { compression: content.compression(), encoding: chosen, choice: user.dialect };
    let mut pass = ReadPass { hints, plan: None, remembered: user.roles };
    for _ in 0..MAX_PASSES {
        let result = pass.run(frames, dataset, || content.reader(), || content.reader()).await?;
        if let Some(encoding) = other_encoding(&pass, &result) {
            (pass.hints.encoding, pass.plan) = (Some((encoding, Basis::Detected)), None);
        } else if result.is_settled {
            let read = finish(frames, dataset, result).await?;
            return Ok(Ingested { remembered: pass.remembered, ..read });
        } else {
            pass.plan = Some(result.settled.plan);
        }
    }
    Err(anyhow!("the types of the columns do not settle").into())
}

/// The encoding of a file that only seemed to be UTF-8.
fn other_encoding(pass: &ReadPass, result: &PassResult) -> Option<&'static encoding_rs::Encoding> {
    let Damage { valid, invalid } = result.merged.damage;
    let is_open = pass.hints.encoding.is_none() && result.layout.encoding.basis == Basis::Detected;
    let is_other = is_open && result.layout.encoding.standard == UTF_8 && !encoding::is_utf8(valid, invalid);
    is_other.then(|| encoding::legacy(&result.merged.foreign).standard)
}

/// Publishes the rows, and the shoppers as far as there are any.
async fn finish(frames: &Frames, dataset: DatasetId, result: PassResult) -> Result<Ingested, IngestError> {
    let PassResult { layout, merged, settled, .. } = result;
    if merged.row_count == 0 {
        return Err(no_rows(merged.first_reject.as_deref()));
    }
    let duplicates = result.duplicates;
    let counting = spawn_blocking(move || duplicates.count());
    let publishing = async {
        frames.finish(&FrameId::rejects(dataset), &result.rejects).await?;
        frames.finish(&FrameId::rows(dataset), &result.rows).await
    };
    let mut columns = merged.statistics.columns(&settled.plan);
    let is_remembered = result.roles.is_remembered();
    let (roles, shoppers) = result.roles.settle(result.shoppers).await?;
    for (column, role) in columns.iter_mut().zip(roles) {
        column.role = role;
        column.reason = role.map(|role| reason(column, role, is_remembered));
    }
    let shoppers = match shoppers {
        Some(shoppers) => tokio::try_join!(publishing, shoppers.store(frames, dataset, 0))?.1,
        None => {
            publishing.await?;
            aggregate(frames, dataset, 0, &columns).await?
        }
    };
    let repeated_row_count = counting.await.map_err(anyhow::Error::from)??;
    let Conclusions { date_order, decimal_mark, questions } = settled.conclusions;
    Ok(Ingested {
        row_count: merged.row_count,
        rejected_row_count: merged.rejected_row_count,
        repeated_row_count,
        encoding: layout.encoding.standard.name().to_owned(),
        delimiter: layout.format.delimiter.name(),
        dialect: Dialect { date_order, decimal_mark, ..layout.dialect },
        questions,
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
    let (indexes, roles): (Vec<usize>, RoleAssignment) =
        columns.iter().enumerate().filter_map(|(index, column)| Some((index, Some(column.role?)))).unzip();
    let shape = match row_shape(&roles) {
        Ok(shape) => shape,
        Err(sentence) => return Ok(Err(sentence)),
    };
    let rows = FrameId::rows(dataset);
    let manifest = frames.manifest(&rows).await?.with_context(|| format!("there is no frame {rows}"))?;
    let mut shoppers = ShopperTotals::new(shape);
    for index in 0..manifest.chunk_rows.len() {
        let batch = frames.chunk(&rows, u32::try_from(index)?, Some(&indexes)).await?;
        shoppers = spawn_blocking(move || shoppers.add(&batch).map(|()| shoppers)).await??;
    }
    shoppers.store(frames, dataset, revision).await
}

#[cfg(test)]
mod tests;
