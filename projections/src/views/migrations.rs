//! Brings the tables of the views up to date, or refuses those that are older than this program.

use anyhow::{Context, Result, ensure};
use sqlx::migrate::{Migrate, MigrateError, Migrator};

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

/// Applies what is missing, or fails when something is missing. Tables of a newer version of the program are taken:
/// migrations only add what the version before does not mind.
pub(super) async fn migrate(connection: &mut impl Migrate, mut migrations: Migrator, apply: bool) -> Result<()> {
    if apply {
        migrations.set_ignore_missing(true);
        return migrations.run_direct(connection).await.context("migrating the views");
    }
    let applied = match connection.list_applied_migrations().await {
        Ok(applied) => applied,
        // There is not even the table that tells.
        Err(MigrateError::Execute(sqlx::Error::Database(_))) => vec![],
        Err(error) => return Err(error).context("reading which migrations were applied"),
    };
    let is_applied = |version| applied.iter().any(|migration| migration.version == version);
    ensure!(
        migrations.iter().all(|migration| is_applied(migration.version)),
        "the tables of the views are older than this program, which may not change them (migrate = false); \
         run `datacore migrate` first"
    );
    Ok(())
}
