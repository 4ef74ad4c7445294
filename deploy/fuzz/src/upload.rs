//! A file becomes a dataset in a temporary folder.
#![no_main]

use std::sync::LazyLock;

use processors::ingestion::fuzz;
use projections::frames::Frames;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::Url;

static STORE: LazyLock<(Runtime, Frames, TempDir)> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let frames = runtime.block_on(Frames::open(&Url::from_directory_path(folder.path()).unwrap())).unwrap();
    (runtime, frames, folder)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| STORE.0.block_on(fuzz::upload(&STORE.1, bytes)));
