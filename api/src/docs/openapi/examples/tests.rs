use std::collections::BTreeSet;

use super::*;

fn document() -> Value {
    serde_json::to_value(super::super::routes().1).unwrap()
}

/// Each operation with its name.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// Each body of an operation that is sent or answered, problems aside: whose, of what kind, and its content.
fn contents(document: &Value) -> Vec<(String, &String, &Value)> {
    let mut contents = vec![];
    for (name, operation) in operations(document) {
        let answers = operation["responses"].as_object().unwrap().iter();
        let answers = answers.map(|(status, response)| (format!("{name} {status}"), &response["content"]));
        let request = (format!("{name} request"), &operation["requestBody"]["content"]);
        for (place, content) in answers.chain([request]) {
            contents.extend(content.as_object().into_iter().flatten().map(|(kind, one)| (place.clone(), kind, one)));
        }
    }
    contents
}

/// The examples of a content, with references followed.
fn examples<'a>(document: &'a Value, content: &'a Value) -> Vec<&'a Value> {
    let named = content["examples"].as_object().into_iter().flat_map(Map::values);
    let named = named.map(|example| match example["$ref"].as_str() {
        Some(reference) => &document.pointer(&reference[1..]).unwrap()["value"],
        None => &example["value"],
    });
    named.chain(content.get("example")).collect()
}

/// What is wrong with a value; a field that its schema does not name is wrong too.
fn errors(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let whole = json!({"allOf": [schema], "unevaluatedProperties": false, "components": document["components"]});
    let validator = jsonschema::options().should_validate_formats(true).build(&whole).unwrap();
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_example_is_as_its_schema_says() {
    let document = document();
    let responses = document["components"]["responses"].as_object().unwrap().iter();
    let shared = responses.map(|(name, response)| {
        let content = response["content"].as_object().unwrap().iter().next().unwrap();
        (name.clone(), content.0, content.1)
    });
    let mut count = 0;
    for (place, kind, content) in contents(&document).into_iter().chain(shared) {
        for example in examples(&document, content) {
            let errors = errors(&document, &content["schema"], example);
            assert!(errors.is_empty(), "{place} {kind}: {errors:?}");
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
}

#[test]
fn every_body_has_an_example() {
    let document = document();
    for (place, kind, content) in contents(&document) {
        let is_binary = kind.starts_with("application/vnd.");
        assert_ne!(examples(&document, content).is_empty(), !is_binary, "{place} {kind}");
    }
}

#[test]
fn every_example_is_used() {
    let document = document();
    let text = document.to_string();
    for name in EXAMPLES.schemas.keys() {
        let is_used = |name| text.contains(&format!("\"#/components/examples/{name}\""));
        assert!(is_used(name.clone()) || is_used(format!("List_{name}")), "{name}");
    }
    let ids: BTreeSet<_> =
        operations(&document).map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert!(EXAMPLES.operations.keys().all(|id| ids.contains(id.as_str())));
    // An operation that is in the document has its method.
    let kinds = PROBLEM_TYPES.iter().filter(|kind| kind.status != 405);
    let kinds: BTreeSet<_> = kinds.map(|kind| kind.name).collect();
    assert_eq!(EXAMPLES.problems.keys().map(String::as_str).collect::<BTreeSet<_>>(), kinds);
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let is_said = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    for (name, operation) in operations(&document) {
        assert!(is_said(&operation["summary"]) && is_said(&operation["operationId"]), "{name}");
        // The second paragraph is added to all.
        assert!(operation["description"].as_str().unwrap().contains("\n\n"), "{name} has no description of its own");
        assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{name}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(is_said(&parameter["description"]) || is_said(&parameter["$ref"]), "{name}: {parameter}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(is_said(&response["description"]) || is_said(&response["$ref"]), "{name} {status}");
        }
    }
}
