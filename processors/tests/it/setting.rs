//! A log in a database of its own, and names of its own at the broker.
#![allow(dead_code, reason = "the benchmark uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "a test starts tasks, chooses names and reads where servers are")]

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commands::{Commands, ServiceKeys, WorkQueue, sequencer};
use domain::customer::CustomerDetails;
use domain::{Customer, CustomerCommand, Metadata, Recorded, UserId};
use lapin::message::Delivery;
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties};
use migrations::testing::FreshPostgres;
use processors::bus::rabbitmq::connection::Amqp;
use processors::bus::rabbitmq::relay::Relay;
use processors::bus::rabbitmq::worker::Worker;
use processors::{Consumer, Context, Reaction, RetryPolicy};
use projections::Projections;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

/// Each customer makes two events; this consumer reacts to the first.
pub const GREET: Consumer = Consumer { name: "greet", concurrency: 2, wants: &["CustomerRegistered"] };

/// Tests are impatient.
const RETRY: RetryPolicy = RetryPolicy::new(&[Duration::from_millis(50), Duration::from_millis(100)]);

pub struct Setting {
    pub commands: Commands,
    pub work_queue: WorkQueue,
    /// The broker as the code under test reaches it: over the wire.
    pub amqp: Amqp,
    /// The broker without the wire.
    pub direct: Amqp,
    /// The broker as the test reaches it.
    pub connection: Connection,
    pub channel: Channel,
    pub prefix: String,
    pub wire: Wire,
    pub postgres: FreshPostgres,
    pub projections: Projections,
    pub folder: TempDir,
    _running: DropGuard,
    shutdown: CancellationToken,
}

impl Setting {
    pub async fn new() -> Self {
        let (postgres, folder) = (FreshPostgres::new().await, tempfile::tempdir().unwrap());
        let files = Url::from_file_path(folder.path().join("files")).unwrap();
        let frames = Url::from_file_path(folder.path().join("frames")).unwrap();
        let cache = "memory:".parse().unwrap();
        let secrets = ServiceKeys::new("a secret of this test, long enough to be taken").unwrap();
        let commands = Commands::open(&postgres.url, &files, secrets).await.unwrap();
        let projections = Projections::open(&postgres.url, &frames, &cache).await.unwrap();
        let broker = broker();
        let connected = Connection::connect(broker.as_str(), ConnectionProperties::default()).await;
        let connection = connected.expect("RabbitMQ does not answer: run `deploy/services.sh up` first");
        let channel = connection.create_channel().await.unwrap();
        let wire = Wire::to(&broker).await;
        let prefix = format!("test_{}", Uuid::new_v4().simple());
        let mut url = broker.clone();
        url.set_query(Some(&format!("prefix={prefix}")));
        let direct = Amqp::new(&url).unwrap();
        url.set_port(Some(wire.port)).unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(sequencer::run(commands.store.clone(), shutdown.clone()));
        Self {
            work_queue: commands.work_queue.clone().unwrap(),
            commands,
            amqp: Amqp::new(&url).unwrap(),
            direct,
            connection,
            channel,
            prefix,
            wire,
            postgres,
            projections,
            folder,
            _running: shutdown.clone().drop_guard(),
            shutdown,
        }
    }

    /// Starts a relay.
    pub fn relay(&self, consumers: &[Consumer]) -> DropGuard {
        let relay = Relay {
            amqp: self.amqp.clone(),
            store: self.commands.store.clone(),
            checkpoints: self.commands.checkpoints.clone(),
            work_queue: self.work_queue.clone(),
            consumers: consumers.to_vec(),
        };
        let shutdown = self.shutdown.child_token();
        tokio::spawn(relay.run(shutdown.clone()));
        shutdown.drop_guard()
    }

    /// Starts a worker that does what `handle` says and notes the positions that it was given.
    pub fn worker<F>(&self, handle: impl Fn(Recorded) -> F + Send + Sync + 'static) -> Arc<Mutex<Vec<u64>>>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (commands, projections) = (self.commands.clone(), self.projections.clone());
        let context = Context { commands, projections, mailer: None, program_version: "test".into() };
        let given = Arc::new(Mutex::new(vec![]));
        let note = given.clone();
        let reaction = Reaction::new(GREET, move |event: Recorded| {
            note.lock().unwrap().push(event.position);
            handle(event)
        });
        let mut worker = Worker::new(reaction, self.amqp.clone(), context, self.work_queue.clone());
        worker.retry = RETRY;
        tokio::spawn(worker.run(TaskTracker::new(), self.shutdown.clone()));
        given
    }

    /// Makes events: two for each customer.
    pub async fn register(&self, customers: std::ops::Range<u128>) {
        for id in customers {
            let details = CustomerDetails { name: format!("Customer {id}"), description: None };
            let command = CustomerCommand::RegisterCustomer { details, owner: UserId::default() };
            let (id, metadata) = (Uuid::from_u128(id + 1), Metadata::default());
            self.commands.store.execute::<Customer>(id, command, &metadata).await.unwrap();
        }
    }

    /// Waits until the relay has published everything.
    pub async fn published(&self) -> u64 {
        let head = self.commands.store.committed().await.unwrap();
        until("the relay has published everything", async || {
            self.commands.checkpoints.get("relay").await.unwrap() == head
        })
        .await;
        head
    }

    /// Waits until there is nothing left to do.
    pub async fn done(&self) {
        self.published().await;
        until("everything is done", async || self.work_queue.open().await.unwrap() == 0).await;
    }

    pub fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    /// Reads the stream from its beginning until it has shown a position.
    pub async fn stream(&self, last: u64) -> Vec<Delivery> {
        use futures::StreamExt;
        let channel = self.connection.create_channel().await.unwrap();
        channel.basic_qos(1_000, BasicQosOptions::default()).await.unwrap();
        let mut from = FieldTable::default();
        from.insert("x-stream-offset".into(), AMQPValue::LongString("first".into()));
        let (queue, options) = (self.name("replay"), BasicConsumeOptions::default());
        let mut inbox = channel.basic_consume(queue.into(), "".into(), options, from).await.unwrap();
        let mut seen = vec![];
        while let Ok(message) = tokio::time::timeout(Duration::from_secs(30), inbox.next()).await {
            let message = message.unwrap().unwrap();
            message.ack(BasicAckOptions::default()).await.unwrap();
            seen.push(message);
            if position(seen.last().unwrap()) == last {
                return seen;
            }
        }
        panic!("the stream did not show position {last}, only {} messages", seen.len());
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        let prefix = self.prefix.clone();
        let remove = async move {
            let connection = Connection::connect(broker().as_str(), ConnectionProperties::default()).await?;
            let channel = connection.create_channel().await?;
            for queue in ["replay", "parked", "project", GREET.name] {
                channel.queue_delete(format!("{prefix}.{queue}").into(), QueueDeleteOptions::default()).await?;
            }
            for exchange in ["events", "refill", "dead", "unrouted"] {
                let options = ExchangeDeleteOptions::default();
                channel.exchange_delete(format!("{prefix}.{exchange}").into(), options).await?;
            }
            Ok::<_, lapin::Error>(())
        };
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
        // What is left over harms nobody; a second panic would hide the first.
        let _ = std::thread::spawn(move || runtime().unwrap().block_on(remove)).join();
    }
}

/// The position that a message names.
pub fn position(message: &Delivery) -> u64 {
    let headers = message.properties.headers().as_ref().unwrap().inner();
    match &headers["cloudEvents_position"] {
        AMQPValue::LongLongInt(position) => position.cast_unsigned(),
        other => panic!("{other:?} is no position"),
    }
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..1_200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited in vain until {what}");
}

/// A wire to the broker that can be cut.
pub struct Wire {
    port: u16,
    cut: Arc<tokio::sync::Notify>,
}

impl Wire {
    async fn to(broker: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = (broker.host_str().unwrap().to_owned(), broker.port().unwrap_or(5672));
        let cut = Arc::new(tokio::sync::Notify::new());
        let cuts = cut.clone();
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    () = cuts.notified() => connections.abort_all(),
                    accepted = listener.accept() => {
                        let (mut near, _) = accepted.unwrap();
                        let mut far = TcpStream::connect((address.0.as_str(), address.1)).await.unwrap();
                        connections.spawn(async move { copy_bidirectional(&mut near, &mut far).await });
                    }
                }
            }
        });
        Self { port, cut }
    }

    pub fn cut(&self) {
        self.cut.notify_one();
    }
}

/// The broker of the environment, or else the one of `deploy/services.sh`.
fn broker() -> Url {
    let given = std::env::var("DATACORE_BUS_URL").ok().filter(|url| url.starts_with("amqp"));
    let url = given.or_else(started).expect("no RabbitMQ for this test: run `deploy/services.sh up` first");
    url.parse().unwrap()
}

fn started() -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services.sh");
    let lines = String::from_utf8(Command::new(script).arg("env").output().ok()?.stdout).ok()?;
    let url = lines.lines().find_map(|line| line.strip_prefix("export DATACORE_BUS_URL="))?;
    Some(url.trim_matches('\'').to_owned())
}
