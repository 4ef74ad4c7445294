//! What tests of other crates start from: the servers of the distributed profile, and fresh databases on them.

mod fresh_postgres;
mod servers;

pub use fresh_postgres::FreshPostgres;
pub use servers::{fresh_name, server_url};
