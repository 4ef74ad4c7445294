//! The distributed profile on the servers of `deploy/services.sh`: a process for each role, with a database and names of
//! its own.
#![allow(clippy::disallowed_methods, reason = "a test chooses its own names and reads where the servers are")]
#![allow(clippy::print_stdout, reason = "what the processes said tells why a test failed")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use commands::{Commands, ServiceKeys};
use futures::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ExchangeDeleteOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Connection, ConnectionProperties};
use migrations::testing::FreshPostgres;
use projections::Views;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;
use uuid::Uuid;

use crate::outside::{Session, free_port};

/// A test stops the broker that all share, so they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

/// The processes of one service.
pub struct Cluster {
    /// Where the process with the role `api` listens.
    pub port: u16,
    settings: BTreeMap<String, String>,
    processes: BTreeMap<String, Child>,
    folder: TempDir,
    _postgres: FreshPostgres,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Starts a process for each of some roles, such as `api` or `ingest,segment`.
    pub async fn start(roles: &[&str]) -> Self {
        let turn = TURN.lock().await;
        let (postgres, folder) = (FreshPostgres::new().await, tempfile::tempdir().unwrap());
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut settings = servers();
        settings.insert("DATACORE_EVENT_STORE_URL".into(), postgres.url.to_string());
        settings.insert("DATACORE_VIEWS_URL".into(), postgres.url.to_string());
        settings.insert("DATACORE_FILES_URL".into(), format!("file://{}/files", folder.path().display()));
        settings.insert("DATACORE_FRAMES_URL".into(), format!("file://{}/frames", folder.path().display()));
        settings.insert("DATACORE_SECRET_KEY".into(), "a secret of this test, long enough to be taken".into());
        settings.insert("DATACORE_DATA".into(), folder.path().display().to_string());
        let bus = settings.get_mut("DATACORE_BUS_URL").unwrap();
        bus.push_str(&format!("?prefix={name}"));
        let processes = BTreeMap::new();
        let mut cluster = Self { port: free_port(), settings, processes, folder, _postgres: postgres, _turn: turn };
        cluster.tell(&["migrate"]);
        for role in roles {
            cluster.run(role);
        }
        cluster
    }

    /// Starts the process of some roles.
    pub fn run(&mut self, roles: &str) {
        let port = if roles.contains("api") { self.port } else { free_port() };
        let log = std::fs::File::options().create(true).append(true).open(self.log(roles)).unwrap();
        let mut command = self.command();
        command.args(["serve", "--role", roles, "--listen", &format!("127.0.0.1:{port}")]);
        self.processes.insert(roles.to_owned(), command.stderr(Stdio::from(log)).spawn().unwrap());
    }

    /// kill -9.
    pub fn kill(&mut self, roles: &str) {
        let mut process = self.processes.remove(roles).unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Waits until everything that was accepted is done and shown, by whichever process.
    pub async fn settle(&self) -> u64 {
        let (commands, views) = self.open().await;
        let work_queue = commands.work_queue.as_ref().unwrap();
        for _ in 0..2_400 {
            let head = commands.store.committed().await.unwrap();
            let published = commands.checkpoints.get("relay").await.unwrap();
            let (open, shown) = (work_queue.open().await.unwrap(), views.checkpoint().await.unwrap());
            if (published, open, shown) == (head, 0, head) && commands.store.committed().await.unwrap() == head {
                return head;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the service did not settle");
    }

    /// The invariants of the design, after whatever was done to the service.
    pub async fn check_invariants(&mut self, session: &Session, accepted: &BTreeMap<String, u64>) {
        let head = self.settle().await;
        for (id, rows) in accepted {
            let upload = session.get(&format!("/uploads/{id}")).await;
            assert_eq!((&upload["status"], &upload["row_count"]), (&json!("ready"), &json!(rows)), "{upload}");
        }
        let (uploads, datasets) = (session.all("/uploads").await, session.all("/datasets").await);
        assert_eq!(uploads.len(), datasets.len(), "each upload has one dataset");
        assert!(self.tell(&["parked"]).is_empty(), "nothing may be parked");
        self.tell(&["verify"]);
        let mut streamed = self.stream(head).await;
        streamed.sort_unstable();
        streamed.dedup();
        assert_eq!(streamed, (1..=head).collect::<Vec<_>>(), "a subscriber sees exactly the log");
        for roles in self.processes.keys().cloned().collect::<Vec<_>>() {
            self.kill(&roles);
        }
        let (_, views) = self.open().await;
        let live = views.dump().await.unwrap();
        self.tell(&["rebuild", "views"]);
        assert_eq!(views.dump().await.unwrap(), live, "the views equal a cold rebuild");
    }

    async fn open(&self) -> (Commands, Views) {
        let setting = |name: &str| self.settings[name].as_str();
        let (events, files) = (setting("DATACORE_EVENT_STORE_URL"), setting("DATACORE_FILES_URL"));
        let secrets = ServiceKeys::new(setting("DATACORE_SECRET_KEY")).unwrap();
        let commands = Commands::open(&events.parse().unwrap(), &files.parse().unwrap(), secrets).await.unwrap();
        (commands, Views::open(&events.parse().unwrap()).await.unwrap())
    }

    /// The positions that the broker's stream has shown when it has come to `last`.
    async fn stream(&self, last: u64) -> Vec<u64> {
        let bus = &self.settings["DATACORE_BUS_URL"];
        let (url, prefix) = bus.split_once("?prefix=").unwrap();
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.basic_qos(1_000, BasicQosOptions::default()).await.unwrap();
        let mut from = FieldTable::default();
        from.insert("x-stream-offset".into(), AMQPValue::LongString("first".into()));
        let (queue, options) = (format!("{prefix}.replay"), BasicConsumeOptions::default());
        let mut inbox = channel.basic_consume(queue.into(), "".into(), options, from).await.unwrap();
        let mut positions = vec![];
        while positions.last() != Some(&last) {
            let message = timeout(Duration::from_secs(30), inbox.next()).await;
            let message = message.unwrap_or_else(|_| panic!("the stream ended at {:?}", positions.last()));
            let message = message.unwrap().unwrap();
            message.ack(BasicAckOptions::default()).await.unwrap();
            let event: Value = serde_json::from_slice(&message.data).unwrap();
            positions.push(event["position"].as_u64().unwrap());
        }
        positions
    }

    /// Runs another command on the same data; gives what it printed.
    pub fn tell(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a process said.
    pub fn log(&self, roles: &str) -> std::path::PathBuf {
        self.folder.path().join(format!("{roles}.log"))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_datacore"));
        command.envs(&self.settings);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.processes.values_mut() {
            let _ = process.kill();
            let _ = process.wait();
        }
        let bus = self.settings["DATACORE_BUS_URL"].clone();
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
        // What is left over at the broker harms nobody; a second panic would hide the first.
        let _ = std::thread::spawn(move || runtime().unwrap().block_on(remove(&bus))).join();
        if std::thread::panicking() {
            for roles in self.processes.keys() {
                let log = std::fs::read_to_string(self.log(roles)).unwrap_or_default();
                let lines: Vec<_> = log.lines().collect();
                println!("--- {roles}\n{}", lines[lines.len().saturating_sub(15)..].join("\n"));
            }
        }
    }
}

async fn remove(bus: &str) -> lapin::Result<()> {
    let (url, prefix) = bus.split_once("?prefix=").unwrap();
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in ["replay", "parked", "project", "ingest", "compare", "cleanup", "segment", "notify"] {
        channel.queue_delete(format!("{prefix}.{queue}").into(), QueueDeleteOptions::default()).await?;
    }
    for exchange in ["events", "refill", "dead", "unrouted"] {
        channel.exchange_delete(format!("{prefix}.{exchange}").into(), ExchangeDeleteOptions::default()).await?;
    }
    Ok(())
}

/// Does something to one of the servers: `stop`, `start`, `kill`, `wipe`.
pub fn services(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services.sh");
    let output = Command::new(script).args(arguments).output().expect("deploy/services.sh cannot be run");
    assert!(output.status.success(), "services.sh {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The servers' URLs, by the names of their settings.
fn servers() -> BTreeMap<String, String> {
    let urls = services(&["env"]);
    let lines = urls.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    let lines = lines.filter(|(name, _)| name.starts_with("DATACORE_"));
    lines.map(|(name, url)| (name.to_owned(), url.trim_matches('\'').to_owned())).collect()
}
