//! The program as people meet it at a terminal: what it says of itself, what it obeys, how it fails.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use reqwest::Client;
use serde_json::{Value, json};

use crate::app::id;

#[test]
fn the_version_names_the_commit() {
    let output = run(&["--version"]);
    let version = text(&output.stdout);
    assert_eq!(version, format!("datacore {} (commit {})\n", env!("CARGO_PKG_VERSION"), commit()));
    let commit = commit();
    let commit = commit.trim_end_matches("-dirty");
    assert!(commit == "unknown" || (commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())));
}

#[test]
fn the_help_tells_of_every_setting_where_else_it_comes_from_and_what_it_is_by_default() {
    for arguments in [&["--help"][..], &["demo", "--help"], &["serve", "--help"]] {
        let help = text(&run(arguments).stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        for wanted in [
            "[env: DATACORE_LISTEN] [default: 127.0.0.1:8000]",
            "[env: DATACORE_DATA] [default: datacore-data]",
            "[env: DATACORE_EVENT_STORE_URL] [default: sqlite://<data>/events.sqlite]",
            "[env: DATACORE_ROLES] [default: api,relay,project,ingest,segment,notify]",
            "[env: DATACORE_MIGRATE] [default: true]",
            "[env: DATACORE_TLS_CERT] ",
        ] {
            assert!(help.contains(wanted), "{arguments:?} does not say {wanted}: {help}");
        }
        assert!(help.matches("[env: DATACORE_").count() >= 24, "{help}");
    }
}

#[test]
fn what_goes_wrong_is_told_in_a_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["serve", "--listen", &address, "--data", folder.path().to_str().unwrap()]);
    let line =
        format!("datacore: listening on {address}; choose another address with --listen: Address already in use");
    let said = text(&output.stderr);
    assert!(said.starts_with(&line) && said.lines().count() == 1, "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn arguments_that_nobody_understands_are_told_from_what_goes_wrong() {
    assert_eq!(run(&["--nonsense"]).status.code(), Some(2));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
}

#[tokio::test]
async fn the_demo_obeys_the_environment_and_the_file_and_leaves_their_data_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("datacore.toml"), folder.path().join("data"));
    fs::write(&file, "limit_requests = 4242").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_datacore"));
    program.args(["demo", "--rows", "300", "--config"]).arg(file);
    program.env("DATACORE_LISTEN", "127.0.0.1:0").env("DATACORE_DATA", &data).env("DATACORE_LOG", "warn");
    // Its own folder goes with that of the test, as it is killed.
    program.env("TMPDIR", folder.path());
    let demo = Running(program.stdout(Stdio::piped()).spawn().unwrap());
    let (demo, _terminal, url) = tokio::task::spawn_blocking(move || ready(demo)).await.unwrap();
    assert!(!url.ends_with(":8000"), "{url}");

    let http = Client::new();
    let answer = http.get(format!("{url}/readyz")).send().await.unwrap();
    let policy = answer.headers()["ratelimit-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("q=4242"), "{policy}");
    let readiness: Value = answer.json().await.unwrap();
    assert_eq!((readiness["version"].as_str(), readiness["commit"].as_str()), (Some(VERSION), Some(&*commit())));

    let sign_in = json!({"email": "demo@example.com", "password": "shoppers-and-stores"});
    let session = http.post(format!("{url}/api/v1/sessions")).json(&sign_in).send().await.unwrap();
    let session: Value = session.json().await.unwrap();
    let get = async |path: &str| -> Value {
        let request = http.get(format!("{url}/api/v1{path}")).bearer_auth(session["access_token"].as_str().unwrap());
        request.send().await.unwrap().json().await.unwrap()
    };
    let customer = id(&get("/customers").await["items"][0]);
    let report = id(&get(&format!("/customers/{customer}/reports")).await["items"][0]);
    let report = get(&format!("/customers/{customer}/reports/{report}")).await;
    assert_eq!(report["program_version"], format!("{VERSION}+{}", commit()));
    drop(demo);
    assert!(!data.exists());
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only when it has ended by itself.
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

/// The address of a demo, once everything is there; with the terminal that it goes on writing to.
fn ready(mut demo: Running) -> (Running, BufReader<ChildStdout>, String) {
    let mut terminal = BufReader::new(demo.0.stdout.take().unwrap());
    let lines = terminal.by_ref().lines().map(Result::unwrap);
    let url = lines.filter_map(|line| line.strip_prefix("DataCore is ready: ").map(str::to_owned)).next();
    (demo, terminal, url.unwrap())
}

/// The commit as the program says it.
fn commit() -> String {
    let version = text(&run(&["--version"]).stdout);
    version.split("commit ").nth(1).unwrap().trim_end().trim_end_matches(')').to_owned()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_datacore")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
