//! The OpenAPI document: generated from the routes, completed with what holds for all of them.

use axum::Router;
use axum::http::Method;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, RefOr, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::http::download::DownloadFormat;
use crate::http::problem::{FieldProblem, MEDIA_TYPE, Problem};
use crate::routes;

/// The name of the response that every refusal is.
const PROBLEM: &str = "Problem";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "DataCore",
        description = "Turns stores' purchases into segments of shoppers. Every change is an event."
    ),
    components(schemas(Problem, FieldProblem, DownloadFormat))
)]
struct Base;

/// All documented routes and the document about them.
pub(crate) fn routes() -> (Router<App>, Document) {
    let router = OpenApiRouter::with_openapi(Base::openapi()).nest("/api/v1", routes::api()).merge(routes::service());
    let (router, mut document) = router.split_for_parts();
    complete(&mut document);
    (router, document)
}

/// Adds what holds for every operation: how to sign in, and each way in which it may be refused.
fn complete(document: &mut Document) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "An access token of a session, or an API key. The roles that an operation asks for: `user` is a person, \
         `viewer`, `analyst` and `owner` are roles at the customer in the path.",
    ));
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert("bearer".into(), RefOr::T(SecurityScheme::Http(bearer.build())));
    components.responses.insert(PROBLEM.into(), RefOr::T(problem()));
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::PUT, &mut item.put),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in operations {
            operation.iter_mut().for_each(|operation| refuse(path, &method, operation));
        }
    }
}

fn problem() -> Response {
    let schema = utoipa::openapi::Ref::from_schema_name(PROBLEM);
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description("What went wrong").content(MEDIA_TYPE, content).build()
}

fn refuse(path: &str, method: &Method, operation: &mut Operation) {
    let open = operation.security.as_ref().is_some_and(|needs| needs.iter().all(|need| *need == Default::default()));
    let changes = *method != Method::GET;
    let reasons: [(bool, &[&str]); 7] = [
        (true, &["414", "429", "431", "500", "503"]),
        (!open, &["401", "403"]),
        (path.contains('{'), &["404"]),
        (operation.parameters.as_ref().is_some_and(|list| list.iter().any(is_query)), &["422"]),
        (operation.request_body.is_some(), &["400", "409", "413", "415", "422"]),
        (changes && !open, &["409"]),
        (changes && *method != Method::POST, &["412"]),
    ];
    let responses = &mut operation.responses.responses;
    for status in reasons.iter().filter(|(holds, _)| *holds).flat_map(|(_, statuses)| *statuses) {
        let problem = || RefOr::Ref(utoipa::openapi::Ref::from_response_name(PROBLEM));
        responses.entry((*status).to_owned()).or_insert_with(problem);
    }
    if !changes && !open {
        let same = || RefOr::T(ResponseBuilder::new().description("Nothing has changed since If-None-Match").build());
        responses.entry("304".to_owned()).or_insert_with(same);
    }
}

fn is_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}
