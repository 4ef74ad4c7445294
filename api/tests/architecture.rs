//! The house has the shape it is said to have: which crate may use which, and which folders there are.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Each crate's folder and the crates it may use. `commands` and `projections` do not know each other.
const CRATES: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("migrations", &[]),
    ("commands", &["domain", "migrations"]),
    ("projections", &["domain", "migrations"]),
    ("processors", &["commands", "domain", "projections"]),
    ("api", &["commands", "domain", "migrations", "processors", "projections"]),
];
/// What the tests of every crate but `domain` may use besides: fresh databases.
const TESTS_ALSO: &str = "migrations";
const OTHER_FOLDERS: [&str; 1] = ["deploy"];

/// Two versions of these would not work together.
const ONCE: [&str; 4] = ["arrow", "axum", "ndarray", "sqlx"];

/// What is built, not kept.
const BUILT_FOLDERS: [&str; 2] = ["datacore-data", "target"];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Manifest {
    dependencies: BTreeMap<String, IgnoredAny>,
    dev_dependencies: BTreeMap<String, IgnoredAny>,
    build_dependencies: BTreeMap<String, IgnoredAny>,
    target: BTreeMap<String, Manifest>,
}

#[derive(Deserialize)]
struct Root {
    workspace: Workspace,
}

#[derive(Deserialize)]
struct Workspace {
    members: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    source: Option<String>,
}

#[test]
fn crates_use_only_what_is_below_them() {
    for (name, allowed) in CRATES {
        let manifest: Manifest = read_toml(&root().join(name).join("Cargo.toml"));
        let mut allowed: BTreeSet<_> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let used = ours(manifest.built_with());
        assert!(used.is_subset(&allowed), "{name} may use {allowed:?} and uses {used:?}");
        allowed.extend((name != "domain").then(|| TESTS_ALSO.to_owned()));
        let used = ours(manifest.tested_with());
        assert!(used.is_subset(&allowed), "the tests of {name} may use {allowed:?} and use {used:?}");
    }
}

fn ours(dependencies: BTreeSet<String>) -> BTreeSet<String> {
    let ours = |dependency: &String| CRATES.iter().any(|(name, _)| name == dependency) || dependency == "datacore";
    dependencies.into_iter().filter(ours).collect()
}

#[test]
fn the_workspace_has_no_other_crate() {
    let Root { workspace } = read_toml(&root().join("Cargo.toml"));
    assert_eq!(workspace.members, CRATES.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn code_lives_in_the_given_folders() {
    let given: BTreeSet<_> = CRATES.iter().map(|(name, _)| *name).chain(OTHER_FOLDERS).map(str::to_owned).collect();
    let found = folders(&root()).into_iter();
    let kept: BTreeSet<_> =
        found.filter(|name| !name.starts_with('.') && !BUILT_FOLDERS.contains(&name.as_str())).collect();
    assert!(kept.is_subset(&given), "top-level folders are {given:?}, found {kept:?}");
}

#[test]
fn what_is_shared_between_crates_is_there_once() {
    let Lock { package } = read_toml(&root().join("Cargo.lock"));
    for name in ONCE {
        assert_eq!(package.iter().filter(|package| package.name == name).count(), 1, "versions of {name}");
    }
}

#[test]
fn everything_else_comes_from_the_registry() {
    let Lock { package } = read_toml(&root().join("Cargo.lock"));
    for Package { name, source } in package {
        let registry = source.is_none_or(|source| source == "registry+https://github.com/rust-lang/crates.io-index");
        assert!(registry, "{name} comes from elsewhere");
    }
}

impl Manifest {
    fn built_with(&self) -> BTreeSet<String> {
        let names = self.dependencies.keys().chain(self.build_dependencies.keys()).cloned();
        names.chain(self.target.values().flat_map(Self::built_with)).collect()
    }

    fn tested_with(&self) -> BTreeSet<String> {
        self.dev_dependencies.keys().cloned().chain(self.target.values().flat_map(Self::tested_with)).collect()
    }
}

fn read_toml<'a, T: Deserialize<'a>>(path: &Path) -> T {
    assert!(path.is_file(), "there is no {}", path.display());
    Figment::from(Toml::file_exact(path)).extract().unwrap()
}

fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}
