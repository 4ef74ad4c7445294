//! The real process is killed (SIGKILL) at many seeded moments of upload, ingest, report and projection, and
//! started again each time. Nothing accepted is lost, nothing exists twice, the views equal a cold rebuild.
#![allow(clippy::unwrap_used, missing_docs)]

mod outside;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::json;
use tokio::time::timeout;

use outside::{Session, free_port};

/// How often the process is killed.
const KILLS: u32 = 32;
/// The longest life of a process, in milliseconds after it answers.
const LONGEST_LIFE_MS: u64 = 700;

#[tokio::test]
async fn a_process_that_is_killed_at_any_moment_loses_nothing_and_does_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let port = free_port();
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
    let datasets = session.compared().await;
    assert_eq!(uploads.len(), datasets.len(), "each upload has one dataset");
    kill(&mut process);

    run(folder.path(), &["verify"]);
    run(folder.path(), &["rebuild", "views"]);
    assert!(run(folder.path(), &["parked"]).is_empty(), "nothing may be parked");
    let mut process = start(folder.path(), port);
    session.wait_until_ready().await;
    assert_eq!(session.settled("/uploads").await, uploads);
    assert_eq!(session.compared().await, datasets);
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
