//! `datacore replay report <id>`: computes a report again from the uploaded files, in a folder of its own, and says whether
//! the answer is the same to the byte.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use anyhow::{Context as _, Result, bail, ensure};
use domain::csv_dialect::DialectChoice;
use domain::dataset::{NewDataset, Roles, assign_roles};
use domain::report::{DatasetRevision, ReportContext, ReportResult, ReportSpec};
use domain::upload::StoredFile;
use domain::{DatasetEvent, DatasetId, Event, Recorded, ReportEvent, ReportId, UploadEvent, UploadId};
use processors::Context;
use processors::csv::IngestError;
use processors::ingestion::{UserHints, aggregate, read_dataset};
use processors::segmentation::compute_report::compute_report;
use processors::segmentation::input::{EarlierReport, ReportDataset, SegmentError};
use projections::Frames;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::app;
use crate::cli::terminal::say;
use crate::config::Config;

/// Events that are read at once.
const PAGE: u32 = 500;
/// Bytes of a file that are hashed at once.
const HASHED_BYTES: usize = 1 << 16;

/// Computes a report again and says whether it is the same.
///
/// # Errors
/// When it is not, or nothing can be said.
pub(super) async fn run(config: &Config, id: ReportId) -> Result<()> {
    let (is_same, sentence) = report(&app::open(config).await?, id).await?;
    say(&format!("{sentence}\n"))?;
    ensure!(is_same, "the report {id} cannot be reproduced");
    Ok(())
}

/// Computes a report again. The answer is a sentence for the person who asked, and whether the report is the same.
///
/// # Errors
/// When there is no such completed report, or a file that it was made from is gone or not the same.
pub async fn report(context: &Context, id: ReportId) -> Result<(bool, String)> {
    let mut log = Log::default();
    each_event(context, |event| log.take(&event)).await?;
    let asked = log.asked.remove(&id).with_context(|| format!("there is no report {id}"))?;
    let stored = log.answered.remove(&id).with_context(|| format!("the report {id} is not completed"))?;
    let folder = tempfile::tempdir().context("creating a temporary folder")?;
    let url = Url::from_directory_path(folder.path()).ok().context("a folder without an address")?;
    let frames = Frames::open(&url).await?;
    let mut datasets = vec![];
    for revision in &asked.spec.datasets {
        datasets.push(read_again(context, &frames, &log, *revision).await?);
    }
    datasets.sort_by_key(|(uploaded, _)| *uploaded);
    let datasets: Vec<ReportDataset> = datasets.into_iter().map(|(_, dataset)| dataset).collect();
    let earlier = asked.context.previous.and_then(|report_id| {
        let findings = log.answered.get(&report_id)?;
        Some(EarlierReport { report_id, segments: findings.segments.clone() })
    });
    match compute_report(&frames, id, &datasets, &asked.spec.parameters, earlier).await {
        Ok(again) => {
            let program_version = Some(context.program_version.to_string());
            compared(&stored, &ReportResult { program_version, ..again })
        }
        Err(SegmentError::Unanswerable(reason)) => Ok((false, format!("There is no answer any more: {reason}"))),
        Err(SegmentError::Failed(error)) => Err(error),
    }
}

fn compared(stored: &ReportResult, again: &ReportResult) -> Result<(bool, String)> {
    let (stored, again) = (serde_json::to_value(stored)?, serde_json::to_value(again)?);
    let (one, other) = (serde_json::to_vec(&stored)?, serde_json::to_vec(&again)?);
    if one == other {
        return Ok((
            true,
            format!("The report was computed again from its files and is the same, all {} bytes.", one.len()),
        ));
    }
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (stored, again) = (fields(&stored), fields(&again));
    let mut names: Vec<&String> = stored.keys().chain(again.keys()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| stored.get(*name) != again.get(*name));
    if names == ["program_version"] {
        return Ok((true, "The report is the same but for the version of the program that made it.".to_owned()));
    }
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    Ok((false, format!("The report is not the same. These parts differ: {}.", names.join(", "))))
}

/// Reads the file of a dataset again, under the roles of a revision; gives it with the position of its upload.
async fn read_again(
    context: &Context,
    frames: &Frames,
    log: &Log,
    asked: DatasetRevision,
) -> Result<(u64, ReportDataset)> {
    let id = asked.dataset_id;
    let made = log.made.get(&id).with_context(|| format!("the log knows nothing of the dataset {id}"))?;
    let upload = log.uploads.iter().rev().find(|upload| DatasetId::of_upload(upload.id, upload.generation) == id);
    let upload = upload.with_context(|| format!("the log knows nothing of the upload of {id}"))?;
    let (files, location) = (context.commands.files.clone(), upload.file.location.clone());
    ensure!(
        files.reader(&location).is_ok(),
        "the file '{}' was deleted, so nothing can be replayed",
        upload.file.filename
    );
    let sha256 = digest(context, &location).await?;
    ensure!(sha256 == upload.file.sha256, "the file '{}' is not the one that was uploaded", upload.file.filename);
    let hints = UserHints { roles: made.remembered.clone().unwrap_or_default(), dialect: upload.dialect.clone() };
    let open = move || files.reader(&location);
    let read = match read_dataset(frames, id, open, hints, |_| ()).await {
        Ok(read) => read,
        Err(IngestError::Unreadable(reason)) => {
            bail!("the file '{}' can no longer be read: {reason}", upload.file.filename)
        }
        Err(IngestError::Failed(error)) => return Err(error),
    };
    let (mut columns, mut shoppers) = (read.columns, read.shoppers);
    if let Some(roles) = log.roles.get(&(id, asked.revision)) {
        assign_roles(&mut columns, roles);
        shoppers = aggregate(frames, id, asked.revision, &columns).await?;
    }
    let shape = shoppers.map_err(anyhow::Error::msg)?.shape;
    // What overlaps is found anew, from the files.
    let dataset = ReportDataset { dataset: asked, store_id: made.store_id, sha256, shape, columns, overlaps: None };
    Ok((upload.position, dataset))
}

async fn digest(context: &Context, location: &str) -> Result<String> {
    let mut reader = context.commands.files.reader(location)?;
    let hashing = move || {
        let (mut hash, mut bytes) = (Sha256::new(), vec![0; HASHED_BYTES]);
        loop {
            match reader.read(&mut bytes)? {
                0 => break,
                count => hash.update(&bytes[..count]),
            }
        }
        anyhow::Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    };
    tokio::task::spawn_blocking(hashing).await?
}

async fn each_event(context: &Context, mut give: impl FnMut(Recorded) -> Result<()>) -> Result<()> {
    let mut after = 0;
    loop {
        let events = context.commands.store.read(after, PAGE).await?;
        let Some(last) = events.last() else { return Ok(()) };
        after = last.position;
        events.into_iter().try_for_each(&mut give)?;
    }
}

/// What the log says about reports, datasets and uploads.
#[derive(Default)]
struct Log {
    asked: HashMap<ReportId, Asked>,
    answered: HashMap<ReportId, ReportResult>,
    made: HashMap<DatasetId, NewDataset>,
    roles: BTreeMap<(DatasetId, u32), Roles>,
    uploads: Vec<Uploaded>,
}

struct Asked {
    spec: ReportSpec,
    context: ReportContext,
}

struct Uploaded {
    id: UploadId,
    generation: u32,
    position: u64,
    file: StoredFile,
    /// What a person said about how it is written.
    dialect: DialectChoice,
}

impl Log {
    fn take(&mut self, event: &Recorded) -> Result<()> {
        let id = event.aggregate_id;
        match event.event()? {
            Event::Report(ReportEvent::ReportRequested { spec, context, .. }) => {
                self.asked.insert(ReportId(id), Asked { spec, context });
            }
            Event::Report(ReportEvent::ReportCompleted(findings)) => {
                self.answered.insert(ReportId(id), *findings);
            }
            Event::Dataset(DatasetEvent::DatasetCreated(new)) => {
                self.made.insert(DatasetId(id), *new);
            }
            Event::Dataset(DatasetEvent::ColumnRolesAssigned { revision, roles }) => {
                self.roles.insert((DatasetId(id), revision), roles);
            }
            Event::Upload(UploadEvent::FileUploaded { generation, file }) => {
                let position = event.position;
                let dialect = DialectChoice::default();
                self.uploads.push(Uploaded { id: UploadId(id), generation, position, file, dialect });
            }
            Event::Upload(UploadEvent::DialectChosen { generation, dialect, .. }) => {
                let before = self.uploads.iter().rev().find(|upload| upload.id.0 == id);
                if let Some(Uploaded { file, position, .. }) = before {
                    let (file, position) = (file.clone(), *position);
                    self.uploads.push(Uploaded { id: UploadId(id), generation, position, file, dialect });
                }
            }
            _ => {}
        }
        Ok(())
    }
}
