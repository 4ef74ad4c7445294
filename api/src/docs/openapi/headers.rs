//! Headers that many operations share: which of them an operation takes and answers with, and what each says.

use axum::http::Method;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{ObjectBuilder, OpenApi as Document, Ref, RefOr, Response, Type};

use super::operations::operations;
use crate::http::extract::header_parameter;

/// What each header of an answer says.
const ANSWERED: [(&str, Type, &str); 9] = [
    ("Datacore-Stale", Type::String, "`true` when the change was accepted and the next GET may not show it yet."),
    ("ETag", Type::String, "The version of the resource; none while it changes by itself."),
    ("Link", Type::String, "The address of the next page (RFC 8288), when there is one."),
    ("Location", Type::String, "The address of the resource."),
    ("RateLimit", Type::String, "How many requests are left, and in how many seconds there are more."),
    ("RateLimit-Policy", Type::String, "How many requests are allowed in which time."),
    ("Retry-After", Type::Integer, "Seconds after which to come again."),
    ("WWW-Authenticate", Type::String, "How to sign in: `Bearer`."),
    ("X-Request-Id", Type::String, "The id of the request: the caller's own when it sent a UUID as `X-Request-Id`."),
];

/// Resources that have a version.
const VERSIONED: [&str; 7] =
    ["CustomerBody", "DatasetBody", "MemberBody", "ReportBody", "StoreRow", "UploadBody", "UserBody"];

/// Tells what headers come with the successful answers of an operation, and that it takes `If-None-Match` where they have
/// a version.
pub(super) fn add(method: &Method, operation: &mut Operation) {
    let mut has_version = false;
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let schema = schema(response).unwrap_or_default();
        let reasons = [
            ("Datacore-Stale", *method != Method::GET),
            ("ETag", VERSIONED.contains(&&*schema)),
            ("Link", schema.starts_with("List_")),
            ("Location", status == "201" || status == "202"),
        ];
        let told: Vec<_> = reasons.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect();
        tell(response, &told);
        has_version |= response.headers.contains_key("ETag");
    }
    if has_version && *method == Method::GET {
        operation.parameters.get_or_insert_default().push(RefOr::T(if_none_match()));
    }
}

/// The name of the schema of a response.
fn schema(response: &Response) -> Option<String> {
    let RefOr::T(content) = response.content.values().next()? else { return None };
    let RefOr::Ref(schema) = content.schema.as_ref()? else { return None };
    schema.ref_location.rsplit('/').next().map(str::to_owned)
}

/// Says that headers come with a response.
pub(super) fn tell(response: &mut Response, names: &[&str]) {
    for name in names {
        let header = Ref::new(format!("#/components/headers/{name}"));
        response.headers.entry((*name).to_owned()).or_insert_with(|| RefOr::Ref(header));
    }
}

/// Adds the headers of answers, and moves those of requests to where operations share them.
pub(super) fn share(document: &mut Document) {
    let components = document.components.get_or_insert_default();
    for (name, schema_type, says) in ANSWERED {
        let schema = ObjectBuilder::new().schema_type(schema_type);
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(says)).build();
        components.headers.insert(name.to_owned(), RefOr::T(header));
    }
    let items = document.paths.paths.values_mut();
    let operations = items.flat_map(operations).map(|(_, operation)| operation);
    for parameter in operations.flat_map(|operation| operation.parameters.iter_mut().flatten()) {
        if let RefOr::T(own) = parameter
            && own.parameter_in == ParameterIn::Header
        {
            let shared = Ref::new(format!("#/components/parameters/{}", own.name));
            components.parameters.insert(own.name.clone(), std::mem::replace(parameter, RefOr::Ref(shared)));
        }
    }
}

fn if_none_match() -> Parameter {
    let says =
        "The `ETag` of what the caller has already: when it is still the same, the answer is 304 without a body.";
    header_parameter("If-None-Match", says, ObjectBuilder::new())
}
