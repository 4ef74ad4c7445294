//! Commands and positions per second on PostgreSQL, against what pgbench reaches on the same server in the same run by
//! inserting one such row per transaction: `cargo bench -p commands`. Needs pgbench and a server as the tests do.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::process::Command;
use std::time::{Duration, Instant};

use commands::{EventStore, sequencer};
use domain::upload::StoredFile;
use domain::{Actor, CustomerId, Metadata, StoreId, Upload, UploadCommand, UserId};
use futures::future::join_all;
use migrations::DatabaseOptions;
use migrations::testing::FreshPostgres;
use sqlx::{Connection, Executor, PgConnection};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long each figure is measured.
const SECONDS: u64 = 5;
/// As many as pgbench has for the most clients.
const CONNECTIONS: u32 = 32;

/// The same row as a command's event, into a table with the same indexes.
const INSERT: &str = "INSERT INTO peer (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
    SELECT aggregate_type, gen_random_uuid()::text, sequence, event_type, event_version, payload, metadata FROM sample;";

#[tokio::main]
async fn main() {
    let database = FreshPostgres::new().await;
    let options = DatabaseOptions { connections: CONNECTIONS, migrate: true };
    let store = EventStore::open_with(&database.url, &options).await.unwrap();
    upload(&store).await;
    prepare_peer(&database).await;

    println!("clients  commands/s  pgbench inserts/s  ratio");
    for clients in [1, 8, 32] {
        let (ours, theirs) = (commands(&store, clients).await, pgbench(&database, clients));
        println!("{clients:>7}  {ours:>10.0}  {theirs:>17.0}  {:>5.2}", ours / theirs);
    }

    let start = Instant::now();
    let numbered = sequencer::number(&store).await.unwrap();
    let rate = numbered as f64 / start.elapsed().as_secs_f64();
    println!("\nsequencer, on a backlog of {numbered} events: {rate:.0} events/s");

    let shutdown = CancellationToken::new();
    let sequencer = tokio::spawn(sequencer::run(store.clone(), shutdown.clone()));
    let ours = commands(&store, 32).await;
    println!("32 clients while the sequencer numbers: {ours:.0} commands/s, {}", lag(&store).await);
    shutdown.cancel();
    sequencer.await.unwrap();
}

async fn commands(store: &EventStore, clients: usize) -> f64 {
    let start = Instant::now();
    let until = start + Duration::from_secs(SECONDS);
    let client = |store: EventStore| async move {
        let mut done = 0_u64;
        while Instant::now() < until {
            upload(&store).await;
            done += 1;
        }
        done
    };
    let clients: Vec<_> = (0..clients).map(|_| tokio::spawn(client(store.clone()))).collect();
    let done: u64 = join_all(clients).await.into_iter().map(Result::unwrap).sum();
    done as f64 / start.elapsed().as_secs_f64()
}

/// From the answer of a command until its event has a position, with nothing else to do.
async fn lag(store: &EventStore) -> String {
    let mut lags = vec![];
    for _ in 0..200 {
        let id = upload(store).await;
        let start = Instant::now();
        store.wait_for("Upload", id, 1, Duration::from_secs(10)).await.unwrap().unwrap();
        lags.push(start.elapsed());
    }
    lags.sort_unstable();
    format!("then a position {:.1?} after the commit (p50), {:.1?} (p99)", lags[100], lags[198])
}

async fn upload(store: &EventStore) -> Uuid {
    let id = Uuid::new_v4();
    let metadata = Metadata::of_request(Actor::User(UserId(Uuid::nil())), Some(CustomerId(Uuid::nil())), Uuid::nil());
    store.execute::<Upload>(id, UploadCommand::UploadFile(file()), &metadata).await.unwrap();
    id
}

fn file() -> StoredFile {
    StoredFile {
        customer_id: CustomerId(Uuid::nil()),
        store_id: StoreId(Uuid::nil()),
        filename: "sales.csv".into(),
        description: None,
        size_bytes: 1_000_000,
        sha256: "0".repeat(64),
        location: "00000000-0000-0000-0000-000000000000/somewhere".into(),
        uploaded_by: UserId(Uuid::nil()),
        request: None,
    }
}

async fn prepare_peer(database: &FreshPostgres) {
    let mut connection = PgConnection::connect(database.url.as_str()).await.unwrap();
    connection.execute("CREATE TABLE peer (LIKE events.events INCLUDING ALL)").await.unwrap();
    connection.execute("CREATE TABLE sample AS SELECT * FROM events.events LIMIT 1").await.unwrap();
}

fn pgbench(database: &FreshPostgres, clients: usize) -> f64 {
    let script = std::env::temp_dir().join(format!("{}.sql", Uuid::new_v4()));
    std::fs::write(&script, INSERT).unwrap();
    let mut pgbench = Command::new("pgbench");
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]).arg(format!("--file={}", script.display()));
    pgbench.arg(format!("--client={clients}")).arg(format!("--time={SECONDS}")).arg(database.url.as_str());
    let output = pgbench.output().expect("pgbench is in Debian's package postgresql-contrib");
    std::fs::remove_file(script).unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    let rate = report.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = rate.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    rate.split(' ').next().unwrap().parse().unwrap()
}
