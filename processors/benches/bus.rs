//! How fast events travel: `deploy/services.sh up && cargo bench -p processors --bench bus` prints a table.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/it/setting.rs"]
mod setting;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::StreamExt;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use sqlx::{Connection, Executor, PgConnection};

use setting::{GREET, Setting, position, until};

const BACKLOG: u64 = 100_000;
const COMMITS: usize = 500;
/// The pause between two commits while latency is measured.
const PAUSE: Duration = Duration::from_millis(10);

#[tokio::main]
async fn main() {
    let (numbered, published) = backlog().await;
    println!("| what | figure | wanted |");
    println!("|---|---|---|");
    println!("| sequencer, backlog of {BACKLOG} | {numbered:.0} events/s | |");
    println!("| relay, backlog of {BACKLOG} | {published:.0} events/s | 20,000 events/s |");
    let mut waits = latency().await;
    waits.sort_unstable();
    let percentile = |share: usize| waits[waits.len() * share / 100].as_secs_f64() * 1_000.0;
    println!("| commit to a subscriber's receipt, p50 | {:.1} ms | 10 ms |", percentile(50));
    println!("| commit to a subscriber's receipt, p99 | {:.1} ms | |", percentile(99));
}

/// Events per second through the sequencer, and then through the relay; one of 100 is work for a consumer.
async fn backlog() -> (f64, f64) {
    let mut setting = Setting::new().await;
    setting.amqp = setting.direct.clone();
    setting.register(0..1).await;
    let mut database = PgConnection::connect(setting.postgres.url.as_str()).await.unwrap();
    let copies = |event: &str, count: u64| {
        format!(
            "INSERT INTO events.events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
             SELECT aggregate_type, gen_random_uuid()::text, 1, event_type, event_version, payload, metadata
             FROM events.events, generate_series(1, {count}) WHERE event_type = '{event}'"
        )
    };
    let begun = Instant::now();
    database.execute(&*copies("CustomerRegistered", BACKLOG / 100)).await.unwrap();
    database.execute(&*copies("MemberAdded", BACKLOG * 99 / 100)).await.unwrap();
    let head = setting.commands.store.committed().await.unwrap();
    until("everything is numbered", async || setting.commands.store.head().await.unwrap() == head).await;
    let numbered = rate(begun);
    let begun = Instant::now();
    let _relay = setting.relay(&[GREET]);
    setting.published().await;
    (numbered, rate(begun))
}

/// From the moment that a command was committed until its event is received by somebody who subscribed to everything.
async fn latency() -> Vec<Duration> {
    let mut setting = Setting::new().await;
    setting.amqp = setting.direct.clone();
    let _relay = setting.relay(&[GREET]);
    setting.register(0..1).await;
    setting.published().await;
    let (channel, table) = (&setting.channel, FieldTable::default);
    let queue = channel.queue_declare("".into(), QueueDeclareOptions::exclusive(), table()).await.unwrap();
    let exchange = setting.name("events");
    channel
        .queue_bind(queue.name().clone(), exchange.into(), "#".into(), QueueBindOptions::default(), table())
        .await
        .unwrap();
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let mut inbox = channel.basic_consume(queue.name().clone(), "".into(), options, table()).await.unwrap();
    let receive = async {
        let mut received = HashMap::new();
        while received.len() < 2 * COMMITS {
            let message = inbox.next().await.unwrap().unwrap();
            received.insert(position(&message), Instant::now());
        }
        received
    };
    let commit = async {
        let mut committed = vec![];
        for customer in 1..=COMMITS as u64 {
            setting.register(u128::from(customer)..u128::from(customer) + 1).await;
            // The first event of this customer: two have come of each before.
            committed.push((2 * customer + 1, Instant::now()));
            tokio::time::sleep(PAUSE).await;
        }
        committed
    };
    let (received, committed) = tokio::join!(receive, commit);
    committed.iter().map(|(position, committed)| received[position].saturating_duration_since(*committed)).collect()
}

fn rate(begun: Instant) -> f64 {
    BACKLOG as f64 / begun.elapsed().as_secs_f64()
}
