//! Leadership of the sequencer, and a server that goes away: someone else goes on, or the same one does.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use commands::{EventStore, sequencer};
use sqlx::{Connection, Executor, PgConnection};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{connect, new_store, open};
use crate::event_store::upload;

/// Tells the process that a test starts which database to number.
const CHILD: &str = "DATACORE_TEST_SEQUENCER";

/// Not a test: what another process does in the tests below. By itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_numbers_until_it_is_killed() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let store = EventStore::open(&url.parse().unwrap()).await.unwrap();
    sequencer::run(store, CancellationToken::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequencer_that_is_killed_in_the_middle_of_its_work_is_replaced_within_five_seconds() {
    let (database, store) = new_store().await;
    for round in 0..3_u64 {
        let mut leader = Process::start(&database.url);
        let written = async {
            for number in 0..200 {
                upload(&store, round * 1_000 + number).await;
            }
        };
        let numbered = async {
            let mut seen = store.head().await.unwrap();
            while seen < round * 200 + 60 {
                seen = store.head().await.unwrap();
            }
            leader.0.kill().unwrap();
        };
        tokio::join!(written, numbered);
        let killed = Instant::now();
        let shutdown = CancellationToken::new();
        let stand_by = tokio::spawn(sequencer::run(store.clone(), shutdown.clone()));
        let mut heads = store.heads();
        let reached = heads.wait_for(|head| *head == (round + 1) * 200);
        tokio::time::timeout(Duration::from_secs(5), reached).await.expect("replaced in time").unwrap();
        eprintln!("replaced after {:?}", killed.elapsed());
        shutdown.cancel();
        stand_by.await.unwrap();
    }
    let found = store.verify().await.unwrap();
    assert_eq!((found.events, found.problems), (600, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_wakes_the_sequencer_of_another_process_and_its_position_comes_back() {
    let (database, store) = new_store().await;
    let (elsewhere, shutdown) = (open(&database).await, CancellationToken::new());
    let tasks = [
        tokio::spawn(sequencer::run(elsewhere.clone(), shutdown.clone())),
        tokio::spawn(elsewhere.clone().exchange_wakeups(shutdown.clone())),
        tokio::spawn(store.clone().exchange_wakeups(shutdown.clone())),
    ];
    let (mut heads, mut quickest) = (store.heads(), Duration::MAX);
    for number in 1..=20 {
        let start = Instant::now();
        upload(&store, number).await;
        let heard = heads.wait_for(|head| *head >= number);
        tokio::time::timeout(Duration::from_secs(10), heard).await.unwrap().unwrap();
        quickest = quickest.min(start.elapsed());
    }
    shutdown.cancel();
    for task in tasks {
        task.await.unwrap();
    }
    // Whoever only looked now and then would need half a second.
    assert!(quickest < Duration::from_millis(250), "{quickest:?}");
}

/// As a restart looks from here: every connection is cut, and for a while there are no new ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_readers_and_the_sequencer_go_on_after_the_server_was_away() {
    let (database, store) = new_store().await;
    let shutdown = CancellationToken::new();
    let tasks = [
        tokio::spawn(sequencer::run(store.clone(), shutdown.clone())),
        tokio::spawn(store.clone().exchange_wakeups(shutdown.clone())),
    ];
    upload(&store, 1).await;
    let mut server = elsewhere(&database.url).await;
    let name = database.url.path().trim_start_matches('/').to_owned();
    let allow = |allowed: bool| format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
    let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    server.execute(&*allow(false)).await.unwrap();
    server.execute(&*cut).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(store.check().await.is_err(), "the server is away");
    server.execute(&*allow(true)).await.unwrap();

    let back = async {
        while store.check().await.is_err() {}
        upload(&store, 2).await;
        store.heads().wait_for(|head| *head == 2).await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.unwrap();
    shutdown.cancel();
    for task in tasks {
        task.await.unwrap();
    }
    let found = store.verify().await.unwrap();
    assert_eq!((found.events, found.problems), (2, vec![]));
}

/// The same server's other database: a database cannot be closed from inside.
async fn elsewhere(url: &Url) -> PgConnection {
    let mut url = url.clone();
    url.set_path("/postgres");
    PgConnection::connect(url.as_str()).await.unwrap()
}

#[tokio::test]
async fn a_log_from_another_cluster_is_not_continued() {
    let (database, store) = new_store().await;
    upload(&store, 1).await;
    let mut connection = connect(&database).await;
    let restored = "INSERT INTO events.log VALUES (1, '99999999999', 1, sha256(''))";
    connection.execute(restored).await.unwrap();
    let error = sequencer::number(&store).await.unwrap_err();
    assert!(error.to_string().starts_with("the log was numbered in another PostgreSQL cluster"), "{error}");
}

/// This very program once more, numbering; killed with this value at the latest.
struct Process(Child);

impl Process {
    fn start(url: &Url) -> Self {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "postgres::leadership::a_process_that_numbers_until_it_is_killed", "--nocapture"]);
        Self(program.env(CHILD, url.as_str()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
