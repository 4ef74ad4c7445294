//! The write side: event store, log, uploaded files, credentials. Executes commands.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![allow(missing_docs, reason = "a field whose comment would only repeat its name has none")]

mod api_keys;
mod checkpoints;
mod credentials;
mod database;
mod deliveries;
mod event_store;
mod files;
mod idempotency;
mod keyring;
mod leaf;
mod log;
mod passwords;
mod personal;
mod postgres;
mod secrets;
pub mod sequencer;
mod sessions;
mod sign_ins;
pub mod signals;
mod sqlite;

use std::sync::Arc;

use anyhow::Result;
use migrations::DatabaseOptions;
use url::Url;

use database::Database;

pub use api_keys::{API_KEY_PREFIX, ApiKeys};
pub use checkpoints::{Checkpoints, Parked};
pub use credentials::{CredentialError, Credentials};
pub use deliveries::{Begun, Deliveries, Delivery};
pub use event_store::{CommandError, EventStore, Executed};
pub use files::{Files, ReceiveError, Received};
pub use idempotency::{Claim, Idempotency};
pub use log::{EventFilter, Verification};
pub use passwords::check_password;
pub use personal::Personal;
pub use postgres::Lease;
pub use secrets::Secrets;
pub use sessions::{RefreshError, Session, Sessions};
pub use sign_ins::{SignIn, SignInKind, SignIns};

/// The write side, opened.
#[derive(Clone)]
pub struct Commands {
    /// Executes commands and reads the log.
    pub store: EventStore,
    pub files: Files,
    pub credentials: Credentials,
    /// Who is signed in.
    pub sessions: Sessions,
    /// The secrets of API keys.
    pub api_keys: ApiKeys,
    /// Who signed in, was refused and signed out.
    pub sign_ins: SignIns,
    /// The keys of personal data in events.
    pub personal: Personal,
    /// Which request an idempotency key belongs to.
    pub idempotency: Idempotency,
    /// How far the consumers have come.
    pub checkpoints: Checkpoints,
    /// What the consumers behind a message bus have to do; none in SQLite, where they read the log themselves.
    pub deliveries: Option<Deliveries>,
    /// The keys derived from the service secret.
    pub secrets: Arc<Secrets>,
}

impl Commands {
    /// Opens the event store and the files that two URLs name, and brings the tables up to date.
    ///
    /// # Errors
    /// When a scheme is not supported, a store cannot be opened, or its data was written under another service secret.
    pub async fn open(event_store_url: &Url, files_url: &Url, secrets: Secrets) -> Result<Self> {
        Self::open_with(event_store_url, files_url, secrets, &DatabaseOptions::default()).await
    }

    /// The same, with a say in how the database is opened.
    ///
    /// # Errors
    /// As above, and when the tables are too old and may not be changed.
    pub async fn open_with(
        event_store_url: &Url,
        files_url: &Url,
        mut secrets: Secrets,
        options: &DatabaseOptions,
    ) -> Result<Self> {
        let database = Database::open(event_store_url, options).await?;
        keyring::open(&database, &mut secrets).await?;
        let secrets = Arc::new(secrets);
        Ok(Self {
            store: EventStore::on(database.clone()).await?,
            files: Files::open(files_url).await?,
            credentials: Credentials::on(database.clone()),
            sessions: Sessions::on(database.clone(), secrets.clone()),
            api_keys: ApiKeys::on(database.clone(), secrets.clone()),
            sign_ins: SignIns::on(database.clone()),
            personal: Personal::on(database.clone(), secrets.clone()),
            idempotency: Idempotency::on(database.clone(), secrets.clone()),
            deliveries: Deliveries::on(&database),
            checkpoints: Checkpoints::on(database),
            secrets,
        })
    }
}
