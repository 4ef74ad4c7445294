//! Brings the tables of a database up to date, or refuses those that are older than this program.

use anyhow::{Context, Result, ensure};
use sqlx::migrate::{Migrate, MigrateError, Migrator};

use crate::tables::Tables;

/// Applies what is missing, or fails when something is missing.
///
/// Tables of a newer version of the program are taken: migrations only add what the version before does not mind, so
/// that both can run side by side while one replaces the other.
pub(crate) async fn migrate(
    connection: &mut impl Migrate,
    mut migrations: Migrator,
    tables: Tables,
    apply: bool,
) -> Result<()> {
    if apply {
        migrations.set_ignore_missing(true);
        return migrations.run_direct(connection).await.with_context(|| format!("migrating {tables}"));
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
        "the tables of {tables} are older than this program, which may not change them (migrate = false); \
         run `datacore migrate` first"
    );
    Ok(())
}
