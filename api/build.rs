//! Names the commit that the program is built from, so that a report, a log or a cached answer can be told from one of another
//! build. The binary reads it as `DATACORE_COMMIT`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program is made of, as paths for git from the top of the checkout.
const SOURCES: [&str; 10] = [
    "Cargo.lock",
    "Cargo.toml",
    "api",
    "commands",
    "domain",
    "migrations",
    "processors",
    "projections",
    ":(exclude,glob)*/tests/**",
    ":(exclude)api/page/test",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DATACORE_COMMIT");
    let commit = given().or_else(commit_of_checkout).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=DATACORE_COMMIT={commit}");
}

/// An image is built without the checkout, and told the commit.
#[expect(clippy::disallowed_methods, reason = "it is the environment of the build, not of the program")]
fn given() -> Option<String> {
    std::env::var("DATACORE_COMMIT").ok().filter(|commit| !commit.is_empty())
}

/// The commit of the checkout, marked when what the program is made of differs from it.
fn commit_of_checkout() -> Option<String> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.canonicalize().ok()?;
    let git = |arguments: &[&str]| git(&top, arguments);
    // The sources of a release may lie within the checkout of something else.
    if Path::new(&git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()? != top {
        return None;
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&[&["status", "--porcelain", "--untracked-files=no", "--"], &SOURCES[..]].concat())?;
    watch(&top, git);
    Some(if changed.is_empty() { commit } else { format!("{commit}-dirty") })
}

/// Says when this is to be done again. `HEAD` tells the branch and the branch the commit, in a file of its own or in
/// `packed-refs`; in a worktree each lies elsewhere. The sources tell whether they differ; when they change, this crate is
/// compiled anew anyway. The index is left out: git writes it also when nothing has changed.
fn watch(top: &Path, git: impl Fn(&[&str]) -> Option<String>) {
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    let names = ["HEAD", "logs/HEAD", "packed-refs"].into_iter().chain(branch.as_deref());
    let of_git = names.filter_map(|name| git(&["rev-parse", "--git-path", name])).map(PathBuf::from);
    let sources = git(&[&["ls-files", "--"], &SOURCES[..]].concat()).unwrap_or_default();
    let watched = of_git.chain(sources.lines().map(PathBuf::from)).map(|path| top.join(path));
    // What does not exist would count as changed each time.
    for path in watched.filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

fn git(top: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("--no-optional-locks").current_dir(top).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
