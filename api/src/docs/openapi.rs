//! The OpenAPI document: generated from the routes, completed with what holds for all of them.

mod examples;
mod generics;
mod headers;
mod operations;
mod problems;

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr};
use utoipa_axum::router::OpenApiRouter;

use self::operations::operations;
use crate::app::App;
use crate::http::download::DownloadFormat;
use crate::http::problem::{FieldProblem, Problem};
use crate::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "DataCore",
        description = include_str!("openapi/introduction.md"),
        contact(name = "Whoever operates this service")
    ),
    servers((url = "/", description = "The service that this document comes from")),
    tags(
        (name = "users", description = "People: signing up, their own data, leaving."),
        (name = "sessions", description = "Signing in and out."),
        (name = "customers", description = "The companies that the data belongs to. Everything below one is only there for its members."),
        (name = "members", description = "Who may do what for a customer."),
        (name = "api keys", description = "What lets a program act for a customer."),
        (name = "stores", description = "The places where shoppers buy."),
        (name = "uploads", description = "Files of purchases or of shoppers, as they were sent."),
        (name = "datasets", description = "What was read from uploads: rows, and what their columns mean."),
        (name = "reports", description = "Segments of shoppers: made, compared, exported, and used to place others."),
        (name = "notifications", description = "What became of the caller's uploads and reports."),
        (name = "events", description = "Everything that happened, in order."),
        (name = "service", description = "The service about itself.")
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

/// Adds what holds for every operation: how to sign in, each way in which it may be refused, headers, examples.
fn complete(document: &mut Document) {
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert("bearer".into(), RefOr::T(bearer()));
    generics::name_arguments(&mut components.schemas);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            tell_right(operation);
            headers::add(&method, operation);
            problems::add(path, &method, operation);
        }
    }
    headers::share(document);
    problems::share(document);
    examples::add(document);
}

fn bearer() -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "An access token of a session, or an API key. The roles that an operation asks for: `user` is a person, \
         `viewer`, `analyst` and `owner` are roles at the customer in the path.",
    ));
    SecurityScheme::Http(scheme.build())
}

/// Says at the end of a description who may call the operation: most tools do not show the roles of a bearer token.
fn tell_right(operation: &mut Operation) {
    let needs = serde_json::to_value(&operation.security).unwrap_or_default();
    let who = match needs.pointer("/0/bearer/0").and_then(|role| role.as_str()) {
        None => "Anybody may call it.".to_owned(),
        Some("user") => "For a person who is signed in; an API key will not do.".to_owned(),
        Some("owner") => "For an `owner` of the customer.".to_owned(),
        Some(role) => format!("For a member of the customer who is `{role}` or more."),
    };
    let text = operation.description.take().into_iter().chain([who]);
    operation.description = Some(text.collect::<Vec<_>>().join("\n\n"));
}
