//! The house has the shape it is said to have: which crate may use which, which folders there are, how the files of a crate
//! depend on each other and what types are called.
#![allow(clippy::unwrap_used)]

mod dependencies;
mod names;
mod sources;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use serde::de::IgnoredAny;

use dependencies::Dependencies;

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

/// Folders of a crate that do not use others of it: the crate, the folders, and what they do not use. How a file is read
/// and how points are clustered has nothing to do with how events come and go.
const APART: [(&str, [&str; 2], [&str; 3]); 1] =
    [("processors", ["csv", "clustering"], ["bus", "runtime", "consumers"])];

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

#[test]
fn the_files_of_a_crate_do_not_depend_on_each_other_in_a_circle() {
    let circles: Vec<_> = CRATES.iter().flat_map(|(name, _)| circles_of(name)).collect();
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

/// Every circle of files of a crate, with the paths by which they name each other.
fn circles_of(name: &str) -> Vec<String> {
    let dependencies = Dependencies::of(&sources_of(name));
    let told = |circle: BTreeSet<&str>| {
        let within = |file: &str, target: &str| circle.contains(file) && circle.contains(target);
        let lines = dependencies.iter().filter(|(file, target, _)| within(file, target));
        let lines = lines.map(|(file, target, path)| format!("  {file} uses {path} of {target}\n"));
        format!("a circle of {} files in {name}:\n{}", circle.len(), lines.collect::<String>())
    };
    dependencies.circles().into_iter().map(told).collect()
}

#[test]
fn folders_that_are_apart_do_not_use_what_they_are_apart_from() {
    let is_in = |file: &str, folder: &&str| {
        file.strip_prefix(*folder).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    for (name, folders, others) in APART {
        let files = sources_of(name);
        for folder in folders.iter().chain(&others) {
            assert!(files.keys().any(|file| is_in(file, folder)), "there is no {folder} in {name}");
        }
        let dependencies = Dependencies::of(&files);
        let wrong = dependencies.iter().filter(|(file, target, _)| {
            folders.iter().any(|folder| is_in(file, folder)) && others.iter().any(|other| is_in(target, other))
        });
        assert_eq!(wrong.collect::<Vec<_>>(), [], "file, what it uses, and by which path, in {name}");
    }
}

#[test]
fn no_two_types_have_one_name() {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for (name, _) in CRATES {
        for (type_name, files) in types::types(&sources_of(name)) {
            places.entry(type_name).or_default().extend(files.into_iter().map(|file| format!("{name}/{file}")));
        }
    }
    places.retain(|_, places| places.len() > 1);
    let told: Vec<_> = places.iter().map(|(name, places)| format!("{name} in {}", places.join(", "))).collect();
    assert!(told.is_empty(), "types of one name:\n{}", told.join("\n"));
}

fn sources_of(name: &str) -> sources::Files {
    sources::read(&root().join(name).join("src"))
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
