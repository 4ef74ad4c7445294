//! What a handler takes out of a request. Every refusal is a problem document.

mod auth;
mod body;
mod headers;
mod paths;

pub(crate) use auth::{Analyst, Member, Owner, SignedIn, Viewer, cookie_name};
pub(crate) use body::{Json, Path, Query, given};
pub(crate) use headers::{IdempotencyKey, IfMatch, Prefer, header_parameter};
pub(crate) use paths::{
    ApiKeyPath, ComparePath, CustomerPath, DatasetPath, MemberPath, NotificationPath, ReportPath, StorePath, UploadPath,
};
