//! The modules of a crate as the compiler finds them: from `lib.rs` along every `mod`. What is only there for tests is left
//! out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta, Token};

/// The text of each file, by its path below `src`.
pub type Files = BTreeMap<String, String>;

/// A module: `a::b` is `["a", "b"]`, the root of the crate is empty.
pub type ModulePath = Vec<String>;

/// A module, in a file of its own or within another one.
pub struct Module {
    pub path: ModulePath,
    /// The file that it is written in, below `src`.
    pub file: String,
    pub items: Vec<Item>,
}

/// A module within another one.
pub fn below(module: &[String], name: &str) -> ModulePath {
    [module, &[name.to_owned()]].concat()
}

/// Reads every Rust file of a folder.
pub fn read(folder: &Path) -> Files {
    let mut files = Files::new();
    read_below(folder, "", &mut files);
    files
}

fn read_below(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read_below(&entry.path(), &format!("{name}/"), files);
        } else if name.ends_with(".rs") {
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// The modules of a library.
pub fn modules(files: &Files) -> Vec<Module> {
    let mut modules = vec![];
    add_file(files, "lib.rs", vec![], "", &mut modules);
    modules
}

/// `folder` is where the files of its children are.
fn add_file(files: &Files, file: &str, path: ModulePath, folder: &str, modules: &mut Vec<Module>) {
    let text = files.get(file).unwrap_or_else(|| panic!("there is no file {file}"));
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    add(files, Module { path, file: file.to_owned(), items: parsed.items }, folder, modules);
}

fn add(files: &Files, module: Module, folder: &str, modules: &mut Vec<Module>) {
    let children = module.items.iter().filter_map(|item| match item {
        Item::Mod(child) if !is_for_tests(&child.attrs) => Some(child.clone()),
        _ => None,
    });
    let (children, file, path): (Vec<ItemMod>, _, _) = (children.collect(), module.file.clone(), module.path.clone());
    modules.push(module);
    for child in children {
        let name = child.ident.to_string();
        let (child_path, child_folder) = (below(&path, &name), format!("{folder}{name}/"));
        match child.content {
            Some((_, items)) => {
                add(files, Module { path: child_path, file: file.clone(), items }, &child_folder, modules);
            }
            None => {
                let (place, folder) = place(files, &file, &child, child_folder);
                add_file(files, &place, child_path, &folder, modules);
            }
        }
    }
}

/// The file of a module, and the folder of its children: `#[path]` names a file that several modules may share.
fn place(files: &Files, parent: &str, module: &ItemMod, folder: String) -> (String, String) {
    if let Some(path) = module.attrs.iter().find_map(named_path) {
        let place = joined(folder_of(parent), &path);
        let folder = folder_of(&place).to_owned();
        return (place, folder);
    }
    let flat = format!("{}.rs", folder.trim_end_matches('/'));
    (if files.contains_key(&flat) { flat } else { format!("{folder}mod.rs") }, folder)
}

fn named_path(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => text(&pair.value),
        _ => None,
    }
}

/// `a/b.rs` is in `a/`.
fn folder_of(file: &str) -> &str {
    &file[..file.rfind('/').map_or(0, |end| end + 1)]
}

fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split_terminator('/').collect();
    for part in path.split('/') {
        match part {
            ".." => parts.truncate(parts.len().saturating_sub(1)),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether an item is left out of the program: `#[cfg(test)]`, `#[cfg(any(test, fuzzing))]`, `#[cfg(feature = "testing")]`.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.filter_map(|attribute| attribute.parse_args().ok()).any(|condition: Meta| asks_for_tests(&condition))
}

fn asks_for_tests(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::NameValue(pair) => pair.path.is_ident("feature") && text(&pair.value).as_deref() == Some("testing"),
        Meta::List(list) if list.path.is_ident("not") => false,
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            parts.is_ok_and(|parts| parts.iter().any(asks_for_tests))
        }
    }
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// The attributes of an item.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
