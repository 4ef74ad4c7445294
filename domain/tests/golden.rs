//! Events are for ever: what is stored today must decode in every later version of the program.
//!
//! `golden/<Aggregate>/<Event>.v<version>[.<variation>].json` holds the payload as it is stored. A file, once it
//! stands here, is never changed or removed; an event that changes gets a new version and an upcaster.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cqrs_es::DomainEvent;
use domain::{CustomerEvent, DatasetEvent, Event, NotificationEvent, ReportEvent, UploadEvent, UserEvent};
use serde_json::Value;
use strum::VariantNames;

const AGGREGATES: [(&str, &[&str]); 6] = [
    ("User", UserEvent::VARIANTS),
    ("Customer", CustomerEvent::VARIANTS),
    ("Upload", UploadEvent::VARIANTS),
    ("Dataset", DatasetEvent::VARIANTS),
    ("Report", ReportEvent::VARIANTS),
    ("Notification", NotificationEvent::VARIANTS),
];

/// One golden file.
struct Golden {
    aggregate: String,
    event: String,
    version: String,
    payload: Value,
}

#[test]
fn every_stored_event_decodes() {
    for golden in goldens() {
        let Golden { aggregate, event, version, payload } = &golden;
        let decoded = Event::decode(aggregate, payload);
        let decoded =
            decoded.unwrap_or_else(|error| panic!("{aggregate}/{event}.v{version} no longer decodes: {error}"));
        assert_eq!(facts(&decoded).0, *event, "the file's name says what is in it");
    }
}

#[test]
fn events_of_the_current_version_are_stored_as_ever() {
    for golden in goldens() {
        let decoded = Event::decode(&golden.aggregate, &golden.payload).unwrap();
        let (event, version, encoded) = facts(&decoded);
        if version == golden.version {
            assert_eq!(encoded, golden.payload, "{event} is stored in another form: give it a new version");
        }
    }
}

#[test]
fn every_event_has_a_file_and_every_file_an_event() {
    let known: BTreeSet<_> = AGGREGATES
        .iter()
        .flat_map(|(aggregate, events)| events.iter().map(|event| (aggregate.to_string(), event.to_string())))
        .collect();
    let stored: BTreeSet<_> = goldens().into_iter().map(|golden| (golden.aggregate, golden.event)).collect();
    assert_eq!(stored, known);
}

#[test]
fn the_current_version_of_every_event_has_a_file() {
    let goldens = goldens();
    for golden in &goldens {
        let (event, current, _) = facts(&Event::decode(&golden.aggregate, &golden.payload).unwrap());
        let found = goldens.iter().any(|other| other.event == event && other.version == current);
        assert!(found, "{event} is at version {current} and has no golden file of it");
    }
}

fn goldens() -> Vec<Golden> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    entries(&root).iter().flat_map(|folder| entries(folder)).map(|path| read(&path)).collect()
}

fn read(path: &Path) -> Golden {
    let aggregate = path.parent().and_then(Path::file_name).unwrap().to_str().unwrap().to_owned();
    let name: Vec<_> = path.file_name().unwrap().to_str().unwrap().split('.').collect();
    let [event, version, .., "json"] = name[..] else { panic!("{} is not a golden file", path.display()) };
    let version = version.strip_prefix('v').unwrap_or_else(|| panic!("{} has no version", path.display()));
    let payload = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    Golden { aggregate, event: event.to_owned(), version: version.to_owned(), payload }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The name, version and stored form of an event.
fn facts(event: &Event) -> (String, String, Value) {
    fn of<E: DomainEvent>(event: &E) -> (String, String, Value) {
        (event.event_type(), event.event_version(), serde_json::to_value(event).unwrap())
    }
    match event {
        Event::User(event) => of(event),
        Event::Customer(event) => of(event),
        Event::Upload(event) => of(event),
        Event::Dataset(event) => of(event),
        Event::Report(event) => of(event),
        Event::Notification(event) => of(event),
    }
}
