//! The views themselves, a file each: the question that it answers, its rows, how events change them, and what can be
//! asked of them. Each query names the customer it is about, so that nothing of another customer can be read; only users
//! stand outside of customers.

pub(crate) mod api_keys;
pub(crate) mod customers;
pub(crate) mod datasets;
pub(crate) mod members;
pub(crate) mod notifications;
pub(crate) mod report_summaries;
pub(crate) mod reports;
pub(crate) mod store_roles;
pub(crate) mod stores;
pub(crate) mod uploads;
pub(crate) mod users;
