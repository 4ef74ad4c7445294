//! Order: readers that follow the log miss nothing, whatever commits when.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use commands::{EventStore, sequencer};
use futures::future::join_all;
use sqlx::Executor;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{connect, new_store, open};
use crate::event_store::upload;

const WRITERS: u64 = 32;
/// How long the load lasts; a minute says more: `DATACORE_TEST_SECONDS=60`.
const SECONDS: u64 = 4;

/// A transaction that took its number and its row's id before everyone else commits last. Readers of two processes
/// follow the log meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_skipped_while_a_transaction_is_held_open() {
    let (database, store) = new_store().await;
    let (elsewhere, shutdown) = (open(&database).await, CancellationToken::new());
    let tasks = [
        tokio::spawn(sequencer::run(store.clone(), shutdown.clone())),
        tokio::spawn(sequencer::run(elsewhere.clone(), shutdown.clone())),
        tokio::spawn(store.clone().exchange_wakeups(shutdown.clone())),
        tokio::spawn(elsewhere.clone().exchange_wakeups(shutdown.clone())),
    ];
    let until = Instant::now() + Duration::from_secs(seconds());
    let (end, ended) = tokio::sync::watch::channel(None);
    let readers = [&store, &elsewhere].map(|store| tokio::spawn(follow(store.clone(), ended.clone())));
    let writers: Vec<_> = (0..WRITERS).map(|number| tokio::spawn(write(store.clone(), number, until))).collect();

    let mut slow = connect(&database).await;
    let mut held_back = 0;
    while Instant::now() + Duration::from_secs(1) < until {
        slow.execute("BEGIN").await.unwrap();
        slow.execute(&*foreign_event()).await.unwrap();
        let head = store.head().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(store.committed().await.unwrap() > store.head().await.unwrap(), "others have committed");
        held_back += u64::from(store.head().await.unwrap() < head + 100);
        slow.execute("COMMIT").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let written: u64 = join_all(writers).await.into_iter().map(Result::unwrap).sum();
    let total = store.committed().await.unwrap();
    assert!(
        held_back > 0 && total > written,
        "{total} events, {written} of them by writers, {held_back} times held back"
    );
    end.send(Some(total)).unwrap();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), total);
    }
    shutdown.cancel();
    join_all(tasks).await;
    assert_eq!(store.verify().await.unwrap().problems, [""; 0]);
    eprintln!("{total} events in {} s, held back {held_back} times", seconds());
}

/// An event that is written past the program, so that its transaction can be kept open.
fn foreign_event() -> String {
    format!(
        "INSERT INTO events.events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         VALUES ('Upload', '{}', 1, 'UploadDeleted', '1', '{{\"UploadDeleted\": {{\"generation\": 1, \"location\": \"x\"}}}}',
                 '{{\"actor\": \"test\", \"correlation_id\": \"{}\"}}')",
        Uuid::new_v4(),
        Uuid::nil()
    )
}

async fn write(store: EventStore, number: u64, until: Instant) -> u64 {
    let mut written = 0;
    while Instant::now() < until {
        upload(&store, number * 1_000_000 + written).await;
        written += 1;
    }
    written
}

/// Reads as every consumer does, until the end of the log; says how many different events there were.
async fn follow(store: EventStore, mut ended: tokio::sync::watch::Receiver<Option<u64>>) -> u64 {
    let (mut last, mut keys) = (0, BTreeSet::new());
    let mut heads = store.heads();
    loop {
        for event in store.read(last, 500).await.unwrap() {
            assert_eq!(event.position, last + 1, "a position was skipped");
            assert!(keys.insert((event.aggregate_id, event.sequence)), "an event came twice");
            last = event.position;
        }
        if ended.borrow_and_update().is_some_and(|end| last >= end) {
            return keys.len() as u64;
        }
        let _ = tokio::time::timeout(Duration::from_millis(200), heads.wait_for(|head| *head > last)).await;
    }
}

fn seconds() -> u64 {
    std::env::var("DATACORE_TEST_SECONDS").ok().map_or(SECONDS, |seconds| seconds.parse().unwrap())
}
