//! What the configuration says about a database, beside its URL.

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseOptions {
    /// Most connections to a server; SQLite needs no choice.
    pub connections: u32,
    /// Whether to bring the tables up to date. Otherwise older tables are refused.
    pub migrate: bool,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self { connections: 8, migrate: true }
    }
}
