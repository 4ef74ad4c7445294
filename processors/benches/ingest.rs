//! Times how a file becomes a dataset, without the way over HTTP: reading, typing, statistics, sums by shopper, storing in
//! a folder. Beside it, how long the csv crate takes to find the cells of the same file.
//!
//!     cargo bench --workspace --bench ingest -- /path/to/file.csv
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

use domain::DatasetId;
use processors::ingestion::{UserHints, read_dataset};
use projections::Frames;
use url::Url;
use uuid::Uuid;

const RUNS: usize = 3;

#[tokio::main]
async fn main() {
    let Some(path) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) else { return };
    let path = PathBuf::from(path);
    let megabytes = path.metadata().unwrap().len() as f64 / 1e6;
    for _ in 0..RUNS {
        let folder = tempfile::tempdir().unwrap();
        let frames = Frames::open(&Url::from_directory_path(folder.path()).unwrap()).await.unwrap();
        let (file, start) = (path.clone(), Instant::now());
        let open = move || Ok(Box::new(File::open(&file)?) as _);
        let read = read_dataset(&frames, DatasetId(Uuid::nil()), open, UserHints::default(), |_| ()).await.unwrap();
        print(&format!("a dataset of {} rows", read.row_count), megabytes, start);
    }
    let start = Instant::now();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&path).unwrap();
    let (mut record, mut cells) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).unwrap() {
        cells += record.len();
    }
    print(&format!("{cells} cells found by the csv crate"), megabytes, start);
}

fn print(what: &str, megabytes: f64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {seconds:.2} s, {:.0} MB/s", megabytes / seconds);
}
