//! How operations may be refused: which statuses each may answer with, and one response for each status that all share.

use axum::http::{Method, StatusCode};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};

use super::operations::is_open;
use super::{examples, headers};
use crate::http::problem::MEDIA_TYPE;

/// What each status means, whatever the operation.
const STATUSES: [(&str, &str); 14] = [
    ("400", "The request cannot be read, or its content is not what its digest says."),
    ("401", "Nobody is signed in, or the credentials are wrong."),
    ("403", "Who is signed in may not do this."),
    ("404", "There is no such thing, or it belongs to a customer that the caller is no member of."),
    ("409", "It does not fit with what is there."),
    ("412", "The resource was changed since the caller read it (`If-Match`)."),
    ("413", "The body is too large."),
    ("414", "The address is too long."),
    ("415", "This kind of content cannot be taken."),
    ("422", "Something in the request cannot be accepted; `errors` names each field."),
    ("429", "Too many requests; come again after the seconds in `Retry-After`."),
    ("431", "The headers of the request are too large."),
    ("500", "Something failed on our side, and nothing was kept half-done."),
    ("503", "A part of the service does not answer, or it is busy; try again after the seconds in `Retry-After`."),
];

/// Adds the ways in which an operation may be refused.
pub(super) fn add(path: &str, method: &Method, operation: &mut Operation) {
    let (open, changes) = (is_open(operation), *method != Method::GET);
    let reasons: [(bool, &[&str]); 8] = [
        (true, &["414", "429", "431", "500", "503"]),
        (!open, &["401", "403"]),
        // These take credentials themselves.
        (open && path.contains("/sessions"), &["401"]),
        (path.contains('{'), &["404"]),
        (operation.parameters.as_ref().is_some_and(|list| list.iter().any(is_query)), &["422"]),
        (operation.request_body.is_some(), &["400", "409", "413", "415", "422"]),
        (changes && !open, &["409"]),
        (changes && *method != Method::POST, &["412"]),
    ];
    let responses = &mut operation.responses.responses;
    for status in reasons.iter().filter(|(holds, _)| *holds).flat_map(|(_, statuses)| *statuses) {
        responses.entry((*status).to_owned()).or_insert_with(|| Ref::from_response_name(name(status)).into());
    }
    if !changes && !open {
        let same = || ResponseBuilder::new().description("Nothing has changed since `If-None-Match`.").build();
        responses.entry("304".to_owned()).or_insert_with(|| RefOr::T(same()));
    }
}

fn is_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

/// Adds the responses that all operations share.
pub(super) fn share(document: &mut Document) {
    let responses = STATUSES.map(|(status, meaning)| (name(status), RefOr::T(problem(status, meaning))));
    document.components.get_or_insert_default().responses.extend(responses);
}

/// The name of a status, such as `NotFound`.
fn name(status: &str) -> String {
    let reason = status.parse().ok().and_then(|status: StatusCode| status.canonical_reason()).unwrap_or(status);
    reason.replace(' ', "")
}

fn problem(status: &str, meaning: &str) -> Response {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples::problems(status));
    let mut response = ResponseBuilder::new().description(meaning).content(MEDIA_TYPE, content.build()).build();
    let told: &[&str] = match status {
        "401" => &["WWW-Authenticate"],
        "429" => &["Retry-After", "RateLimit", "RateLimit-Policy"],
        "503" => &["Retry-After"],
        _ => &[],
    };
    headers::tell(&mut response, told);
    headers::tell(&mut response, &["X-Request-Id"]);
    response
}
