//! Files in a folder: the conformance suite, and what stays in the folder.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use commands::Files;
use tempfile::TempDir;

use crate::files::{self, CUSTOMER, chunks, receive};

macro_rules! conforms {
    ($($promise:ident)*) => {
        $(#[tokio::test]
        async fn $promise() {
            let (folder, place) = new_place().await;
            files::$promise(&place).await;
            nothing_is_left_in(&folder.path().join("incoming")).await;
        })*
    };
}

conforms! {
    gives_back_what_it_received
    the_same_content_twice_makes_two_files
    refuses_what_is_empty_too_long_or_broken
    stops_when_it_is_cancelled
    holds_only_a_few_chunks
    no_location_leads_out
}

#[tokio::test]
async fn sweeps_out_what_a_crash_left_a_day_ago() {
    let (folder, _) = new_place().await;
    let incoming = folder.path().join("incoming");
    let old = File::create(incoming.join("old#1")).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(25 * 60 * 60)).unwrap();
    File::create(incoming.join("new#1")).unwrap();
    open(&folder).await;
    assert_eq!(names(&incoming), ["new#1"]);
}

#[tokio::test]
async fn a_file_stands_under_its_customer_and_content() {
    let (folder, place) = new_place().await;
    let received = receive(&place, chunks(b"a,b\n", 9)).await.unwrap();
    let digest: String = received.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(received.location.starts_with(&format!("{CUSTOMER}/{digest}.")), "{}", received.location);
    assert_eq!(std::fs::read(folder.path().join(received.location)).unwrap(), b"a,b\n");
    place.check().await.unwrap();
    drop(folder);
    assert!(place.check().await.is_err());
}

#[tokio::test]
async fn names_what_is_supported_when_it_cannot_open_a_url() {
    let error = Files::open(&"s3://bucket".parse().unwrap()).await.err().unwrap();
    assert!(error.to_string().contains("supported is file:"), "{error}");
}

/// An upload that is dropped removes its file on another thread.
async fn nothing_is_left_in(folder: &Path) {
    let empty = async {
        while !names(folder).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), empty).await.unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

async fn new_place() -> (TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let place = open(&folder).await;
    (folder, place)
}

async fn open(folder: &TempDir) -> Files {
    Files::open(&format!("file://{}", folder.path().display()).parse().unwrap()).await.unwrap()
}
