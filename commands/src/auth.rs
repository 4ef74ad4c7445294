//! Who somebody is: passwords, sessions and API keys, none of which stands in an event, so that all can be forgotten.

pub(crate) mod api_keys;
pub(crate) mod credentials;
pub(crate) mod password_policy;
pub(crate) mod sessions;
pub(crate) mod sign_ins;
