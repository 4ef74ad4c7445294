//! What happens to every request, whoever handles it.

pub(super) mod not_modified;
pub(super) mod rate_limit;
pub(super) mod security_headers;
pub(super) mod track;
