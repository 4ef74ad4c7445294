//! The servers of the distributed profile are stopped, killed and restarted under a running service. Nothing accepted is
//! lost, nothing exists twice, the log verifies, and the views equal a cold rebuild.
//! Needs the servers of `deploy/services.sh`, because it stops them.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "it/app.rs"]
#[allow(dead_code, reason = "the whole-app suite uses all of it")]
mod app;
#[path = "it/places.rs"]
mod places;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use anyhow::Result;
use app::{TestApp, csv, id};
use commands::WorkQueue;
use datacore::config::Settings;
use domain::Recorded;
use places::Places;
use processors::bus::Bus;
use processors::bus::rabbitmq::connection::Amqp;
use processors::bus::rabbitmq::worker::Worker;
use processors::consumers::{cleanup, ingest, overlaps};
use processors::{Consumer, Context, Reaction, RetryPolicy, Role};
use projections::{Frames, Projections};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// The pauses of somebody impatient.
const RETRY: RetryPolicy = RetryPolicy::new(&[Duration::from_millis(50); 2]);
/// The servers are shared: one test at a time.
static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mongodb_killed_in_mid_ingest_delays_datasets_and_loses_none() {
    let _turn = TURN.lock().await;
    let app = start().await;
    let rows = 300_000;
    let large = id(&app.upload("large.csv", csv(rows, 1)).await.json().await.unwrap());
    until(async || upload(&app, &large).await["progress"]["bytes_done"].as_u64() > Some(0)).await;
    services(&["kill", "mongodb"]);
    let small = app.upload("small.csv", csv(500, 2)).await;
    assert_eq!(small.status(), 202, "uploads are taken while MongoDB is away");
    let small = id(&small.json().await.unwrap());
    assert_eq!(readiness(&app).await, (200, "degraded".into(), vec!["frames".into()]));
    services(&["start", "mongodb"]);
    holds(&app, &[(large, rows), (small, 500)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mongodb_away_for_longer_than_all_attempts_parks_nothing() {
    let _turn = TURN.lock().await;
    let roles = Some(vec![Role::Api, Role::Relay, Role::Project, Role::Segment, Role::Notify]);
    let settings = Settings { roles, ..Settings::default() };
    let app = TestApp::start_in(Places::on_servers().await, settings).await;
    let ingest = Impatient::start(&app).await;
    services(&["kill", "mongodb"]);
    let upload = id(&app.upload("sales.csv", csv(500, 1)).await.json().await.unwrap());
    until(async || ingest.failures.load(Ordering::Relaxed) > 0).await;
    // Long enough for all attempts, if they counted.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(app.app.commands.dead_letters.all().await.unwrap(), []);
    services(&["start", "mongodb"]);
    holds(&app, &[(upload, 500)]).await;
}

/// The work of the role ingest with less patience: three attempts take about two seconds while MongoDB is away.
struct Impatient {
    failures: Arc<AtomicUsize>,
    context: Context,
    amqp: Amqp,
    work_queue: WorkQueue,
    shutdown: CancellationToken,
    _running: DropGuard,
}

impl Impatient {
    async fn start(app: &TestApp) -> Self {
        let mut url = app.app.config.frames_url.clone();
        url.query_pairs_mut().append_pair("serverSelectionTimeoutMS", "500");
        let frames = Frames::open(&url).await.unwrap();
        let projections = Projections { frames, ..app.app.projections.clone() };
        let Bus::Amqp { amqp, work_queue } = app.app.bus.clone() else { panic!("the bus is none") };
        let (shutdown, failures) = (CancellationToken::new(), Arc::default());
        let (commands, program_version) = (app.app.commands.clone(), "test".into());
        let context = Context { commands, projections, mailer: None, program_version };
        let running = shutdown.clone().drop_guard();
        let impatient = Self { failures, context, amqp, work_queue, shutdown, _running: running };
        impatient.work(ingest::CONSUMER, ingest::handle);
        impatient.work(overlaps::CONSUMER, overlaps::handle);
        impatient.work(cleanup::CONSUMER, cleanup::handle);
        impatient
    }

    fn work<F>(&self, consumer: Consumer, handle: fn(Context, Recorded) -> F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (context, failures) = (self.context.clone(), self.failures.clone());
        let (amqp, work_queue) = (self.amqp.clone(), self.work_queue.clone());
        let work = context.clone();
        let reaction = Reaction::new(consumer, move |event| {
            let (handled, failures) = (handle(work.clone(), event), failures.clone());
            async move {
                let handled = handled.await;
                failures.fetch_add(usize::from(handled.is_err()), Ordering::Relaxed);
                handled
            }
        });
        let mut worker = Worker::new(reaction, amqp, context, work_queue);
        worker.retry = RETRY;
        #[expect(clippy::disallowed_methods, reason = "it ends with this value")]
        tokio::spawn(worker.run(TaskTracker::new(), self.shutdown.clone()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_costs_time_and_nothing_else() {
    let _turn = TURN.lock().await;
    let app = start().await;
    let first = app.ingested("first.csv", csv(500, 1)).await;
    app.settle().await;
    let list = app.get(&app.below("/datasets")).await;
    services(&["kill", "redis"]);
    let lists = async {
        for _ in 0..20 {
            assert_eq!(app.get(&app.below("/datasets")).await, list);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), lists).await.expect("lists do not wait for Redis");
    assert_eq!(readiness(&app).await, (200, "degraded".into(), vec!["cache".into()]));
    let second = app.ingested("second.csv", csv(600, 2)).await;
    services(&["start", "redis"]);
    until(async || readiness(&app).await.1 == "ready").await;
    holds(&app, &[(id(&first), 500), (id(&second), 600)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_restarted_under_uploads_loses_none_that_was_accepted() {
    let _turn = TURN.lock().await;
    let app = start().await;
    let restart = tokio::task::spawn_blocking(|| {
        std::thread::sleep(Duration::from_millis(500));
        services(&["restart", "postgres"]);
        services(&["kill", "postgres"]);
        services(&["start", "postgres"]);
    });
    let (mut accepted, mut refused) = (vec![], 0);
    for seed in 1_u64.. {
        let rows = 200 + seed;
        // While the database is away a request is refused, and may be sent again.
        let answer = app.upload(&format!("{seed}.csv"), csv(rows, seed)).await;
        match answer.status().as_u16() {
            202 => accepted.push((id(&answer.json().await.unwrap()), rows)),
            _ => refused += unavailable(answer).await,
        }
        let list = app.own(Method::GET, &app.below("/uploads")).send().await.unwrap();
        if list.status() != 200 {
            refused += unavailable(list).await;
        }
        if restart.is_finished() && seed > 20 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    restart.await.unwrap();
    until(async || readiness(&app).await.1 == "ready").await;
    assert!(accepted.len() >= 5, "{} uploads were accepted", accepted.len());
    assert!(refused > 0, "no request met the outage");
    holds(&app, &accepted).await;
}

async fn start() -> TestApp {
    TestApp::start_in(Places::on_servers().await, Settings::default()).await
}

/// What must hold after every fault: each accepted upload became one dataset with all its rows, nothing is parked, the
/// log is whole and unchanged, and the views say what a cold rebuild says.
async fn holds(app: &TestApp, accepted: &[(String, u64)]) {
    for (id, rows) in accepted {
        until(async || upload(app, id).await["status"] == "ready").await;
        assert_eq!(upload(app, id).await["row_count"], json!(rows));
    }
    tokio::time::timeout(Duration::from_secs(60), app.settle()).await.expect("the consumers come to rest");
    let commands = &app.app.commands;
    assert_eq!(commands.dead_letters.all().await.unwrap(), []);
    assert_eq!(commands.store.verify().await.unwrap().problems, Vec::<String>::new());
    let events = commands.store.read(0, 100_000).await.unwrap();
    assert!(events.iter().map(|event| event.position).eq(1..=events.len() as u64), "positions have no gaps");
    let created = events.iter().filter(|event| event.event_type == "DatasetCreated").count();
    let uploaded = events.iter().filter(|event| event.event_type == "FileUploaded").count();
    assert_eq!(created, uploaded, "each upload has one dataset");
    let (cold, _kept) = app.places.cold_views().await;
    cold.apply(&events).await.unwrap();
    assert_eq!(cold.dump().await.unwrap(), app.app.projections.views.dump().await.unwrap());
}

/// An upload; nothing while a server is away.
async fn upload(app: &TestApp, id: &str) -> Value {
    let answer = app.own(Method::GET, &app.below(&format!("/uploads/{id}"))).send().await.unwrap();
    if answer.status() == 503 {
        return Value::Null;
    }
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// Asserts that an answer says to come again, and counts it.
async fn unavailable(answer: Response) -> usize {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let problem = answer.text().await.unwrap();
    assert_eq!(status, 503, "{problem}");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    1
}

/// The code and status of `/readyz`, and what does not answer.
async fn readiness(app: &TestApp) -> (u16, String, Vec<String>) {
    let answer = app.http.request(Method::GET, format!("{}/readyz", app.url)).send().await.unwrap();
    let code = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let away = body["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["ok"] == false);
    let away = away.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect();
    (code, body["status"].as_str().unwrap().to_owned(), away)
}

/// Waits for something that must come true soon.
async fn until(is_true: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_true().await {
        assert!(Instant::now() < deadline, "it does not come true");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn services(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services.sh");
    let output = Command::new(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
