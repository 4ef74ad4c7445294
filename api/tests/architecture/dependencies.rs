//! Which file of a crate names something that another one defines, by `use` or by path, and which files do so in a circle.
//! What stands within the brackets of a macro is not seen.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, Macro, Path};

use crate::names::{Names, imports};
use crate::sources::{Files, attributes, is_for_tests, modules};

/// For each file the files that it depends on, each with a path that it names.
#[derive(Default)]
pub struct Dependencies(BTreeMap<String, BTreeMap<String, String>>);

impl Dependencies {
    pub fn of(files: &Files) -> Self {
        let modules = modules(files);
        let names = Names::of(&modules);
        let mut dependencies = Self::default();
        for module in &modules {
            let mut paths = Paths::default();
            module.items.iter().for_each(|item| paths.visit_item(item));
            for path in paths.0 {
                for target in names.definitions(&module.path, &path) {
                    dependencies.add(&module.file, target, &path);
                }
            }
        }
        dependencies
    }

    fn add(&mut self, file: &str, target: &str, path: &[String]) {
        if file != target {
            let targets = self.0.entry(file.to_owned()).or_default();
            targets.entry(target.to_owned()).or_insert_with(|| path.join("::"));
        }
    }

    /// Every dependency: the file, what it depends on, and the path by which it names that.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0.iter().flat_map(|(file, targets)| {
            targets.iter().map(move |(target, path)| (file.as_str(), target.as_str(), path.as_str()))
        })
    }

    /// The groups of files each of which depends on every other, directly or over others.
    pub fn circles(&self) -> BTreeSet<BTreeSet<&str>> {
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            self.0.keys().map(|file| (file.as_str(), self.reached_from(file))).collect();
        let circle = |file: &&str| -> BTreeSet<&str> {
            let others = reached[*file].iter().copied();
            others.filter(|other| reached.get(other).is_some_and(|files| files.contains(*file))).collect()
        };
        reached.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
    }

    fn reached_from<'a>(&'a self, file: &'a str) -> BTreeSet<&'a str> {
        let (mut reached, mut next) = (BTreeSet::new(), vec![file]);
        while let Some(file) = next.pop() {
            let targets = self.0.get(file).into_iter().flat_map(BTreeMap::keys).map(String::as_str);
            next.extend(targets.filter(|target| reached.insert(*target)));
        }
        reached
    }
}

/// The paths that are named in a module.
#[derive(Default)]
struct Paths(BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        // A module within this one is looked at by itself.
        if !matches!(item, Item::Mod(_)) && !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(function) if is_for_tests(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.0.extend(imports(&item.tree).into_iter().map(|import| import.path));
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() {
            self.0.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, _: &'ast Macro) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_three_files_is_found_and_who_only_uses_it_is_not_in_it() {
        let dependencies = of(&[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "pub struct B; fn f() { crate::c::g::<u8>(); }"),
            ("c.rs", "use super::a; pub fn g<T>() -> a::A { todo!() }"),
            ("d.rs", "pub struct D(crate::a::A);"),
        ]);
        assert_eq!(dependencies.circles(), BTreeSet::from([BTreeSet::from(["a.rs", "b.rs", "c.rs"])]));
    }

    #[test]
    fn a_parent_that_keeps_what_its_children_use_is_a_circle() {
        let dependencies = of(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; pub struct Input; pub fn run() { b::run(Input) }"),
            ("a/b.rs", "use super::Input; pub fn run(_: Input) {}"),
        ]);
        assert_eq!(dependencies.circles(), BTreeSet::from([BTreeSet::from(["a.rs", "a/b.rs"])]));
    }

    #[test]
    fn a_re_export_leads_to_the_file_that_defines_the_thing() {
        let dependencies = of(&[
            ("lib.rs", "mod a; mod b; mod c; pub use a::Deep as Shallow;"),
            ("a.rs", "mod deep; pub use self::deep::{self as inner, Deep};"),
            ("a/deep.rs", "pub struct Deep; pub fn deepest() {}"),
            ("b.rs", "use crate::Shallow; pub fn f(_: Shallow) { crate::a::inner::deepest() }"),
            ("c.rs", "use super::a::*; pub fn f() -> Deep { Deep }"),
        ]);
        let found: Vec<_> = dependencies.iter().map(|(file, target, _)| (file, target)).collect();
        let deep = "a/deep.rs";
        assert_eq!(found, [("a.rs", deep), ("b.rs", deep), ("c.rs", deep), ("lib.rs", deep)]);
    }

    #[test]
    fn tests_other_crates_macros_and_a_mere_mod_are_no_dependencies() {
        let dependencies = of(&[
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
            (
                "a.rs",
                "use ::b::Other; fn f() { std::mem::drop(1); print!(\"{}\", crate::b::g()); }
                #[cfg(any(test, fuzzing))] use crate::b::g; #[cfg(test)] mod tests { use crate::b::g; }",
            ),
            ("b.rs", "use super::a; pub fn g() {} struct S; impl S { #[cfg(test)] fn f() { a::f() } }"),
        ]);
        assert_eq!(dependencies.iter().count(), 0);
    }

    #[test]
    fn a_module_within_a_file_belongs_to_that_file() {
        let dependencies = of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub mod inner { pub mod deep; pub fn f() { super::g() } } fn g() { self::inner::f() }"),
            ("a/inner/deep.rs", "use crate::b::B as Own; pub type Alias = Own;"),
            ("b.rs", "pub struct B; impl B { pub const C: fn() = crate::a::inner::f; }"),
        ]);
        let found: Vec<_> = dependencies.iter().map(|(file, target, _)| (file, target)).collect();
        assert_eq!(found, [("a/inner/deep.rs", "b.rs"), ("b.rs", "a.rs")]);
    }

    #[test]
    fn a_file_that_two_modules_share_depends_on_what_either_has() {
        let dependencies = of(&[
            ("lib.rs", "mod one; mod two; pub struct Root;"),
            ("one.rs", "#[path = \"sql/shared.rs\"] mod shared; pub struct Engine;"),
            ("two/mod.rs", "#[path = \"../sql/shared.rs\"] mod shared; pub use crate::Root as Engine;"),
            ("sql/shared.rs", "use super::Engine; mod leaf; pub struct Shared(Engine);"),
            ("sql/leaf.rs", "pub struct Leaf;"),
        ]);
        let found: Vec<_> = dependencies.iter().map(|(file, target, _)| (file, target)).collect();
        assert_eq!(found, [("sql/shared.rs", "lib.rs"), ("sql/shared.rs", "one.rs"), ("two/mod.rs", "lib.rs")]);
    }

    fn of(files: &[(&str, &str)]) -> Dependencies {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Dependencies::of(&files.collect())
    }
}
