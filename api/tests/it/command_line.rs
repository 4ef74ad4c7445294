//! The program as people meet it at a terminal: what it says of itself, what it obeys, how it fails.

use std::net::TcpListener;
use std::process::{Command, Output};

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
