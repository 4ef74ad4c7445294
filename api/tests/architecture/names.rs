//! What a name stands for: in which file the thing is defined that a path leads to, re-exports followed.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;
use syn::{Item, ItemUse, UseTree};

use crate::sources::{Module, ModulePath, attributes, below, is_for_tests};

/// A re-export of a re-export of … ends somewhere; a path that leads to itself does not.
const MAX_STEPS: usize = 16;

/// What a name stands for in a module.
enum Binding {
    /// Something that the module defines.
    Definition,
    /// A module below it.
    Child(ModulePath),
    /// What a `use` brought in.
    Import(Vec<String>),
}

/// The names of one module.
struct Scope {
    file: String,
    bindings: BTreeMap<String, Vec<Binding>>,
    /// The paths of `use path::*`.
    globs: Vec<Vec<String>>,
}

/// The names of all modules of a crate.
pub struct Names(BTreeMap<ModulePath, Scope>);

impl Names {
    pub fn of(modules: &[Module]) -> Self {
        Self(modules.iter().map(|module| (module.path.clone(), Scope::of(module))).collect())
    }

    /// The files that define what a path leads to from within a module. More than one, when the same name is that of a
    /// function and of a type; none, when it leads out of the crate, or to a module and not to something in it.
    pub fn definitions(&self, module: &[String], path: &[String]) -> BTreeSet<&str> {
        self.resolve(module, path, MAX_STEPS)
    }

    fn resolve(&self, module: &[String], path: &[String], steps: usize) -> BTreeSet<&str> {
        let Some((first, rest)) = path.split_first().filter(|_| steps > 0) else { return BTreeSet::new() };
        match first.as_str() {
            "crate" => self.resolve(&[], rest, steps),
            "self" => self.resolve(module, rest, steps),
            "super" => self.resolve(&module[..module.len().saturating_sub(1)], rest, steps),
            name => self.look_up(module, name, rest, steps - 1),
        }
    }

    fn look_up(&self, module: &[String], name: &str, rest: &[String], steps: usize) -> BTreeSet<&str> {
        let Some(scope) = self.0.get(module) else { return BTreeSet::new() };
        let Some(bindings) = scope.bindings.get(name) else {
            let through =
                |glob: &Vec<String>| self.resolve(module, &[&glob[..], &[name.to_owned()], rest].concat(), steps);
            return scope.globs.iter().flat_map(through).collect();
        };
        let of_binding = |binding: &Binding| match binding {
            Binding::Definition => BTreeSet::from([scope.file.as_str()]),
            Binding::Child(child) => self.resolve(child, rest, steps),
            Binding::Import(path) => self.resolve(module, &[&path[..], rest].concat(), steps),
        };
        bindings.iter().flat_map(of_binding).collect()
    }
}

impl Scope {
    fn of(module: &Module) -> Self {
        let mut scope = Self { file: module.file.clone(), bindings: BTreeMap::new(), globs: vec![] };
        for item in &module.items {
            scope.visit_item(item);
        }
        for item in &module.items {
            let Some(name) = defined(item) else { continue };
            let is_module = matches!(item, Item::Mod(_));
            let binding = if is_module { Binding::Child(below(&module.path, &name)) } else { Binding::Definition };
            scope.bind(name, binding);
        }
        scope
    }

    fn bind(&mut self, name: String, binding: Binding) {
        self.bindings.entry(name).or_default().push(binding);
    }
}

/// Collects what is imported, also within functions: that is seen in the whole module here.
impl<'ast> Visit<'ast> for Scope {
    fn visit_item(&mut self, item: &'ast Item) {
        if !matches!(item, Item::Mod(_)) && !is_for_tests(attributes(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // A path that begins with `::` leads out of the crate.
        if item.leading_colon.is_some() {
            return;
        }
        for Import { path, name } in imports(&item.tree) {
            match name {
                Some(name) => self.bind(name, Binding::Import(path)),
                None => self.globs.push(path),
            }
        }
    }
}

/// One path of a `use`, and the name that it has then; none for `*`.
pub struct Import {
    pub path: Vec<String>,
    pub name: Option<String>,
}

/// The paths of a `use`.
pub fn imports(tree: &UseTree) -> Vec<Import> {
    match tree {
        UseTree::Path(path) => imports_from(&path.ident.to_string(), imports(&path.tree)),
        UseTree::Group(group) => group.items.iter().flat_map(imports).collect(),
        UseTree::Glob(_) => vec![Import { path: vec![], name: None }],
        UseTree::Name(name) => vec![import(&name.ident, &name.ident)],
        UseTree::Rename(rename) => vec![import(&rename.ident, &rename.rename)],
    }
}

fn import(ident: &syn::Ident, name: &syn::Ident) -> Import {
    Import { path: vec![ident.to_string()], name: Some(name.to_string()) }
}

/// Imports from within something: `name::{self}` is `name`.
fn imports_from(name: &str, mut imports: Vec<Import>) -> Vec<Import> {
    for import in &mut imports {
        if import.path == ["self"] {
            import.path.clear();
            import.name = import.name.take().map(|own| if own == "self" { name.to_owned() } else { own });
        }
        import.path.insert(0, name.to_owned());
    }
    imports
}

/// The name of what an item defines, unless that is only there for tests.
fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    (!is_for_tests(attributes(item))).then(|| name.to_string())
}
