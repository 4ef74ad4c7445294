//! The OpenAPI document: generated from the routes, completed with what holds for all of them.

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, RefOr, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::download::Format;
use crate::problem::{FieldProblem, MEDIA_TYPE, Problem};
use crate::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "DataCore",
        description = "Turns stores' purchases into segments of shoppers. Every change is an event."
    ),
    components(schemas(Problem, FieldProblem, Format))
)]
struct Base;

/// All documented routes and the document about them.
pub fn routes() -> (Router<App>, Document) {
    let router = OpenApiRouter::with_openapi(Base::openapi()).nest("/api/v1", routes::api()).merge(routes::service());
    let (router, mut document) = router.split_for_parts();
    complete(&mut document);
    (router, document)
}

/// Every operation may answer with a problem, and needs a token unless it says otherwise.
fn complete(document: &mut Document) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert("bearer".into(), RefOr::T(SecurityScheme::Http(bearer)));
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    let schema = utoipa::openapi::Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let problem = ResponseBuilder::new().description("What went wrong").content(MEDIA_TYPE, content).build();
    for path in document.paths.paths.values_mut() {
        let operations =
            [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete].into_iter().flatten();
        for operation in operations {
            operation.responses.responses.insert("default".into(), RefOr::T(problem.clone()));
        }
    }
}
