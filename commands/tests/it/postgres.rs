//! The event store on PostgreSQL: the conformance suite, and what many processes and people with access can do to it.

mod leadership;
mod order;

use commands::{EventStore, sequencer};
use migrations::testing::FreshPostgres;
use sqlx::{Connection, Executor, PgConnection};

use crate::event_store::{self, upload};

event_store::promises!(new_store);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_on_one_aggregate_collide_and_all_land_once() {
    let (database, store) = new_store().await;
    event_store::commands_on_one_aggregate_collide_and_all_land_once(&store, &open(&database).await).await;
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let (database, store) = three_events().await;
    drop(store);
    let store = open(&database).await;
    assert_eq!((store.head().await.unwrap(), *store.heads().borrow()), (3, 3));
    upload(&store, 1).await;
    sequencer::number(&store).await.unwrap();
    assert_eq!(store.head().await.unwrap(), 4);
}

#[tokio::test]
async fn events_and_log_refuse_to_be_changed() {
    let (database, _store) = three_events().await;
    let mut connection = connect(&database).await;
    for (statement, reason) in [
        ("UPDATE events.events SET payload = '{}'", "events are never changed"),
        ("DELETE FROM events.events WHERE id = 3", "events are never deleted"),
        ("TRUNCATE events.events", "events are never deleted"),
        ("UPDATE events.log SET leaf_hash = sha256('')", "the log is never changed"),
        ("DELETE FROM events.log", "the log is never deleted"),
        ("TRUNCATE events.log", "the log is never deleted"),
        ("INSERT INTO events.log VALUES (5, '9', 3, sha256(''))", "the log has no gaps"),
        ("INSERT INTO events.log VALUES (4, '9', 3, sha256('')), (6, '9', 4, sha256(''))", "the log has no gaps"),
        ("INSERT INTO events.log VALUES (3, '9', 3, sha256(''))", "duplicate key"),
        ("INSERT INTO events.log SELECT 4, event_xid, event_id, leaf_hash FROM events.log LIMIT 1", "duplicate key"),
    ] {
        let error = connection.execute(statement).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{statement}: {error}");
    }
}

#[tokio::test]
async fn verify_finds_nothing_wrong_with_an_honest_log() {
    let (_database, store) = three_events().await;
    upload(&store, 3).await;
    let found = store.verify().await.unwrap();
    assert_eq!((found.events, found.problems), (3, vec![]), "an event without a position yet is none too few");
}

#[tokio::test]
async fn verify_finds_what_was_changed() {
    let changed = "position 2: the event is not the one that was recorded";
    let unreadable = "position 2: the event is missing or cannot be read";
    for (statement, problems) in [
        (
            "UPDATE events SET payload = jsonb_set(payload, '{FileUploaded,filename}', '\"x\"') WHERE id = 2",
            &[changed][..],
        ),
        ("UPDATE events SET recorded_at = '2001-01-01' WHERE id = 2", &[changed]),
        ("UPDATE events SET metadata = metadata || '{\"actor\": \"nobody\"}' WHERE id = 2", &[changed]),
        ("DELETE FROM events WHERE id = 2", &[unreadable]),
        (
            "UPDATE log SET customer_id = NULL WHERE position = 2",
            &["position 2: the customer is not the one of the event"],
        ),
        ("UPDATE log SET leaf_hash = sha256('') WHERE position = 2", &[changed]),
        (
            "DELETE FROM log WHERE position = 2",
            &["after position 1 comes 3", "the event Upload 00000000-0000-0000-0000-0000000003ea 1 has no position"],
        ),
    ] {
        let (database, store) = three_events().await;
        // What someone can do who knows that the triggers are there.
        let mut connection = connect(&database).await;
        connection.execute("SET session_replication_role = replica; SET search_path = events").await.unwrap();
        connection.execute(statement).await.unwrap();
        assert_eq!(store.verify().await.unwrap().problems, problems, "{statement}");
    }
}

#[tokio::test]
async fn all_who_open_an_empty_database_at_once_find_it_migrated() {
    let database = FreshPostgres::new().await;
    let stores = futures::future::join_all((0..6).map(|_| EventStore::open(&database.url))).await;
    stores.into_iter().for_each(|store| drop(store.unwrap()));
}

async fn three_events() -> (FreshPostgres, EventStore) {
    let (database, store) = new_store().await;
    for number in [1, 2, 1] {
        upload(&store, number).await;
    }
    sequencer::number(&store).await.unwrap();
    (database, store)
}

async fn new_store() -> (FreshPostgres, EventStore) {
    let database = FreshPostgres::new().await;
    let store = open(&database).await;
    (database, store)
}

async fn open(database: &FreshPostgres) -> EventStore {
    EventStore::open(&database.url).await.unwrap()
}

async fn connect(database: &FreshPostgres) -> PgConnection {
    PgConnection::connect(database.url.as_str()).await.unwrap()
}
