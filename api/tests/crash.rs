//! The real process is killed (SIGKILL) at many seeded moments of upload, ingest, report and projection, and
//! started again each time. Nothing accepted is lost, nothing exists twice, the views equal a cold rebuild.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use datacore::generate::{Plan, purchases};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::timeout;

/// How often the process is killed.
const KILLS: u32 = 32;
/// The longest life of a process, in milliseconds after it answers.
const LONGEST_LIFE_MS: u64 = 700;

#[tokio::test]
async fn a_process_that_is_killed_at_any_moment_loses_nothing_and_does_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut session = Session::new(port);
    // Upload id to rows, for every upload that was answered with 202.
    let mut accepted: BTreeMap<String, u64> = BTreeMap::new();
    let mut asked: Vec<String> = vec![];

    for round in 0..KILLS {
        let mut process = start(folder.path(), port);
        session.wait_until_ready().await;
        if round == 0 {
            session.set_up().await;
        }
        let life = Duration::from_millis(random.gen_range(0..LONGEST_LIFE_MS));
        let mut next = u64::from(round) * 1_000;
        let _ = timeout(life, async {
            loop {
                next += 1;
                if let Some((id, rows)) = session.upload(next).await {
                    accepted.insert(id, rows);
                }
                if let Some(id) = session.ask(next).await {
                    asked.push(id);
                }
            }
        })
        .await;
        kill(&mut process);
    }

    let mut process = start(folder.path(), port);
    session.wait_until_ready().await;
    assert!(accepted.len() >= 10, "the test must have accepted uploads to lose: {}", accepted.len());
    for (id, rows) in &accepted {
        let upload = session.get(&format!("/uploads/{id}")).await;
        assert_eq!((&upload["status"], &upload["row_count"]), (&json!("ready"), &json!(rows)), "{upload}");
    }
    for id in &asked {
        let report = session.get(&format!("/reports/{id}")).await;
        assert!(matches!(report["status"].as_str(), Some("completed" | "failed")), "{report}");
    }
    // Also what was taken but whose answer never arrived.
    let uploads = session.settled("/uploads").await;
    let reports = session.settled("/reports").await;
    let datasets = session.all("/datasets").await;
    assert_eq!(uploads.len(), datasets.len(), "each upload has one dataset");
    kill(&mut process);

    run(folder.path(), &["verify"]);
    run(folder.path(), &["rebuild", "views"]);
    assert!(run(folder.path(), &["parked"]).is_empty(), "nothing may be parked");
    let mut process = start(folder.path(), port);
    session.wait_until_ready().await;
    assert_eq!(session.settled("/uploads").await, uploads);
    assert_eq!(session.all("/datasets").await, datasets);
    assert_eq!(session.settled("/reports").await, reports);
    kill(&mut process);
}

fn start(data: &Path, port: u16) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_datacore"));
    command.arg("serve").arg("--data").arg(data).args(["--listen", &format!("127.0.0.1:{port}")]);
    command.stderr(Stdio::null()).spawn().unwrap()
}

fn kill(process: &mut Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Runs another command on the same data; gives what it printed.
fn run(data: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_datacore")).args(arguments).arg("--data").arg(data).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A signed-in user of one store.
struct Session {
    http: Client,
    url: String,
    token: String,
    customer: String,
    store: String,
}

impl Session {
    fn new(port: u16) -> Self {
        let url = format!("http://127.0.0.1:{port}");
        Self { http: Client::new(), url, token: String::new(), customer: String::new(), store: String::new() }
    }

    async fn wait_until_ready(&self) {
        for _ in 0..600 {
            let answer = self.http.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the service did not become ready");
    }

    async fn set_up(&mut self) {
        let user = json!({"email": "crash@example.com", "name": "Crash", "password": "a-long-password"});
        self.post("/users", &user).await;
        let sign_in = json!({"email": "crash@example.com", "password": "a-long-password"});
        self.token = text(&self.post("/sessions", &sign_in).await, "access_token");
        self.customer = text(&self.post("/customers", &json!({"name": "Acme"})).await, "id");
        let path = format!("/customers/{}/stores", self.customer);
        self.store = text(&self.post(&path, &json!({"name": "Centro"})).await, "id");
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.request(Method::POST, path).json(body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(&self.token)
    }

    /// Uploads a file that nobody sent before; its id and rows when it was accepted.
    async fn upload(&self, seed: u64) -> Option<(String, u64)> {
        let rows = 300 + seed % 700;
        let mut csv = Vec::new();
        purchases(&Plan { rows, seed, shoppers: None, year: 1 }, &mut csv).unwrap();
        let path = format!("/customers/{}/stores/{}/uploads?filename={seed}.csv", self.customer, self.store);
        let request = self.request(Method::POST, &path).header("content-type", "text/csv").body(csv);
        let response = request.send().await.ok()?;
        assert_eq!(response.status(), 202);
        Some((text(&response.json().await.ok()?, "id"), rows))
    }

    /// Asks for a report of what is there; its id when it was accepted.
    async fn ask(&self, seed: u64) -> Option<String> {
        let path = format!("/customers/{}/reports", self.customer);
        let request = self.request(Method::POST, &path).json(&json!({"clusters": 3, "seed": seed}));
        let response = request.send().await.ok()?;
        // No dataset may be ready yet.
        if response.status() == 409 {
            return None;
        }
        assert!(response.status().is_success(), "{}", response.status());
        Some(text(&response.json().await.ok()?, "id"))
    }

    async fn get(&self, path: &str) -> Value {
        let path = format!("/customers/{}{path}", self.customer);
        let response = self.request(Method::GET, &path).header("prefer", "wait=60").send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Every item of a list once its work is done.
    async fn settled(&self, path: &str) -> Vec<Value> {
        let mut items = vec![];
        for item in self.all(path).await {
            items.push(self.get(&format!("{path}/{}", text(&item, "id"))).await);
        }
        items
    }

    async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut page) = (vec![], self.get(&format!("{path}?limit=200")).await);
        loop {
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return items };
            page = self.get(&format!("{path}?limit=200&cursor={next}")).await;
        }
    }
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap().to_owned()
}
