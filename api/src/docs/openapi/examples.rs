//! Examples of what is sent and answered. They stand in `examples.json`: by the name of their schema, by operation where
//! that tells more, and for problems by kind. A test holds each against its schema.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr};

use super::operations::operations;
use crate::http::problem::PROBLEM_TYPES;

static EXAMPLES: LazyLock<Examples> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).expect("the examples are well-formed"));

/// The request in examples of problems.
const REQUEST_ID: &str = "0197a3c2-9f20-7c11-8e2b-4d6c7b8a9f04";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    /// By the name of the schema.
    schemas: BTreeMap<String, Value>,
    /// By the id of the operation, where the schema has no example or not the right one.
    operations: BTreeMap<String, OfOperation>,
    /// By the name of the kind of problem: its detail, and facts that belong to it.
    problems: BTreeMap<String, Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OfOperation {
    /// By content type.
    requests: BTreeMap<String, Value>,
    /// By status.
    answers: BTreeMap<String, Value>,
}

/// Adds an example to each body that is sent or answered.
pub(super) fn add(document: &mut Document) {
    let shared = &mut document.components.get_or_insert_default().examples;
    for (_, operation) in document.paths.paths.values_mut().flat_map(operations) {
        add_to(operation, shared);
    }
}

/// The example of a schema; a list has that of its items.
fn of_schema(name: &str) -> Option<Value> {
    let item = |name| Some(json!({"items": [EXAMPLES.schemas.get(name)?], "next": null}));
    EXAMPLES.schemas.get(name).cloned().or_else(|| item(name.strip_prefix("List_")?))
}

fn example(value: Value) -> RefOr<Example> {
    RefOr::T(ExampleBuilder::new().value(Some(value)).build())
}

fn add_to(operation: &mut Operation, shared: &mut BTreeMap<String, RefOr<Example>>) {
    let own = operation.operation_id.as_ref().and_then(|id| EXAMPLES.operations.get(id));
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for (kind, content) in &mut body.content {
            show(content, own.and_then(|own| own.requests.get(kind)), shared);
        }
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        // Text cannot show what a binary file is like.
        for (_, content) in response.content.iter_mut().filter(|(kind, _)| !kind.starts_with("application/vnd.")) {
            show(content, own.and_then(|own| own.answers.get(status)), shared);
        }
    }
}

/// Adds the operation's own example, or else that of the schema.
fn show(content: &mut RefOr<Content>, own: Option<&Value>, shared: &mut BTreeMap<String, RefOr<Example>>) {
    let RefOr::T(content) = content else { return };
    if own.is_some() {
        content.example = own.cloned();
    } else if let Some(RefOr::Ref(schema)) = &content.schema
        && let Some((_, name)) = schema.ref_location.rsplit_once('/')
        && let Some(value) = of_schema(name)
    {
        shared.entry(name.to_owned()).or_insert_with(|| example(value));
        let reference = Ref::new(format!("#/components/examples/{name}"));
        content.examples.insert(name.to_owned(), RefOr::Ref(reference));
    }
}

/// Examples of the kinds of problems that come with a status, by name.
pub(super) fn problems(status: &str) -> impl Iterator<Item = (String, RefOr<Example>)> {
    let kinds = PROBLEM_TYPES.iter().filter(move |kind| kind.status.as_str() == status);
    kinds.filter_map(|kind| {
        let mut value = json!({
            "type": format!("/problems/{}", kind.name),
            "title": kind.title,
            "status": kind.status.as_u16(),
            "request_id": REQUEST_ID,
        });
        value.as_object_mut()?.extend(EXAMPLES.problems.get(kind.name)?.clone());
        Some((kind.name.to_owned(), example(value)))
    })
}

#[cfg(test)]
mod tests;
