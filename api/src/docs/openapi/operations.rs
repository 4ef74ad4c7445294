//! Walks the operations of the document.

use axum::http::Method;
use utoipa::openapi::path::{Operation, PathItem};

/// The operations at an address.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let operations = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    operations.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Whether anybody may call an operation.
pub(super) fn is_open(operation: &Operation) -> bool {
    operation.security.as_ref().is_some_and(|needs| needs.iter().all(|need| *need == Default::default()))
}
