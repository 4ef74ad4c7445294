//! The names of types, and where each is defined.

use std::collections::{BTreeMap, BTreeSet};

use syn::Item;
use syn::visit::{self, Visit};

use crate::sources::{Files, attributes, is_for_tests, modules};

/// For each struct, enum, trait and alias of a crate the files that define one of its name.
pub fn types(files: &Files) -> BTreeMap<String, BTreeSet<String>> {
    let mut types = BTreeMap::<String, BTreeSet<String>>::new();
    for module in modules(files) {
        let mut names = TypeNames::default();
        module.items.iter().for_each(|item| names.visit_item(item));
        for name in names.0 {
            types.entry(name).or_default().insert(module.file.clone());
        }
    }
    types
}

/// The types that are defined in a module, also within its functions.
#[derive(Default)]
struct TypeNames(BTreeSet<String>);

impl<'ast> Visit<'ast> for TypeNames {
    fn visit_item(&mut self, item: &'ast Item) {
        if matches!(item, Item::Mod(_)) || is_for_tests(attributes(item)) {
            return;
        }
        let name = match item {
            Item::Enum(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            _ => None,
        };
        self.0.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_tests_do_not_count_and_those_within_functions_do() {
        let text = "struct A; enum B {} trait C { type Own; } type D = u8; fn f() { struct E; } impl C for A { type Own = u8; }
            #[cfg(test)] struct F; #[cfg(test)] mod tests { struct G; } mod inner { struct A; }";
        let types = types(&Files::from([("lib.rs".to_owned(), text.to_owned())]));
        assert_eq!(types.keys().map(String::as_str).collect::<Vec<_>>(), ["A", "B", "C", "D", "E"]);
    }
}
