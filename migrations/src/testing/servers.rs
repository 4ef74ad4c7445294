//! Where a test finds the servers of the distributed profile.
#![allow(clippy::disallowed_methods, reason = "a test chooses its own names and reads where the servers are")]
#![allow(clippy::unwrap_used, reason = "a test that panics has found something")]

use std::path::Path;
use std::process::Command;

use url::Url;
use uuid::Uuid;

/// The server that the environment names, or else the one of `deploy/services.sh`.
///
/// # Panics
/// When there is none: a missing server fails a test, it does not skip it.
pub fn server_url(variable: &str, scheme: &str) -> Url {
    let given = std::env::var(variable).ok().filter(|url| url.starts_with(scheme));
    let url = given.or_else(|| started(variable)).unwrap_or_else(|| panic!("no {variable}: deploy/services.sh up"));
    url.parse().unwrap()
}

/// A name that nothing else has.
pub fn fresh_name() -> String {
    format!("test_{}", Uuid::new_v4().simple())
}

fn started(variable: &str) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services.sh");
    let output = Command::new(script).arg("env").output().ok()?;
    let lines = String::from_utf8(output.stdout).ok()?;
    let export = format!("export {variable}=");
    lines.lines().find_map(|line| Some(line.strip_prefix(&export)?.trim_matches('\'').to_owned()))
}
