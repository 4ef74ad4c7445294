//! The event store on SQLite: the conformance suite, and what a person with the file can try.

use commands::{EventStore, sequencer};
use sqlx::{Connection, Executor, SqliteConnection};
use tempfile::TempDir;

use crate::event_store::{self, upload};

event_store::promises!(new_store);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_on_one_aggregate_collide_and_all_land_once() {
    let (folder, store) = new_store().await;
    event_store::commands_on_one_aggregate_collide_and_all_land_once(&store, &open(&folder).await).await;
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let (folder, store) = three_events().await;
    drop(store);
    let store = open(&folder).await;
    assert_eq!((store.head().await.unwrap(), *store.heads().borrow()), (3, 3));
    upload(&store, 1).await;
    sequencer::number(&store).await.unwrap();
    assert_eq!(store.head().await.unwrap(), 4);
}

#[tokio::test]
async fn events_and_log_refuse_to_be_changed() {
    let (folder, _store) = three_events().await;
    for (statement, reason) in [
        ("UPDATE events SET payload = '{}'", "events are never changed"),
        ("DELETE FROM events WHERE id = 3", "events are never deleted"),
        ("UPDATE log SET leaf_hash = zeroblob(32)", "the log is never changed"),
        ("DELETE FROM log", "the log is never deleted"),
        ("INSERT INTO log VALUES (5, 3, zeroblob(32), NULL)", "the log has no gaps"),
    ] {
        let error = connect(&folder).await.execute(statement).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{statement}: {error}");
    }
}

#[tokio::test]
async fn verify_finds_nothing_wrong_with_an_honest_log() {
    let (_folder, store) = three_events().await;
    upload(&store, 3).await;
    let found = store.verify().await.unwrap();
    assert_eq!((found.events, found.problems), (3, vec![]), "an event without a position yet is none too few");
}

#[tokio::test]
async fn verify_finds_what_was_changed() {
    let changed = "position 2: the event is not the one that was recorded";
    let unreadable = "position 2: the event is missing or cannot be read";
    for (statement, problems) in [
        ("UPDATE events SET payload = replace(payload, 'sales', 'gifts') WHERE id = 2", &[changed][..]),
        ("UPDATE events SET recorded_at = '2001-01-01T00:00:00.000Z' WHERE id = 2", &[changed]),
        ("UPDATE events SET metadata = replace(metadata, 'user', 'nobody') WHERE id = 2", &[changed]),
        ("UPDATE events SET payload = '{' WHERE id = 2", &[unreadable]),
        ("DELETE FROM events WHERE id = 2", &[unreadable]),
        (
            "UPDATE log SET customer_id = NULL WHERE position = 2",
            &["position 2: the customer is not the one of the event"],
        ),
        ("UPDATE log SET leaf_hash = zeroblob(32) WHERE position = 2", &[changed]),
        (
            "DELETE FROM log WHERE position = 2",
            &["after position 1 comes 3", "the event Upload 00000000-0000-0000-0000-0000000003ea 1 has no position"],
        ),
    ] {
        let (folder, store) = three_events().await;
        tamper(&folder, statement).await;
        assert_eq!(store.verify().await.unwrap().problems, problems, "{statement}");
    }
}

/// What someone with the file can do who knows that the triggers are there.
async fn tamper(folder: &TempDir, statement: &str) {
    let mut connection = connect(folder).await;
    connection.execute("PRAGMA foreign_keys = OFF").await.unwrap();
    for trigger in
        ["events_are_never_changed", "events_are_never_deleted", "log_is_never_changed", "log_is_never_deleted"]
    {
        connection.execute(&*format!("DROP TRIGGER {trigger}")).await.unwrap();
    }
    connection.execute(statement).await.unwrap();
}

async fn three_events() -> (TempDir, EventStore) {
    let (folder, store) = new_store().await;
    for number in [1, 2, 1] {
        upload(&store, number).await;
    }
    sequencer::number(&store).await.unwrap();
    (folder, store)
}

async fn new_store() -> (TempDir, EventStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    (folder, store)
}

async fn open(folder: &TempDir) -> EventStore {
    EventStore::open(&url(folder).parse().unwrap()).await.unwrap()
}

async fn connect(folder: &TempDir) -> SqliteConnection {
    SqliteConnection::connect(&url(folder)).await.unwrap()
}

fn url(folder: &TempDir) -> String {
    format!("sqlite://{}/events.sqlite", folder.path().display())
}
