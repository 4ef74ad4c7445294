//! The write side: event store, log, uploaded files, credentials. Executes commands.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![allow(missing_docs, reason = "a field whose comment would only repeat its name has none")]
#![warn(unreachable_pub)]

mod auth;
mod consumers;
mod event_store;
mod files;
mod idempotency;
mod keys;
mod sql;

use std::sync::Arc;

use anyhow::Result;
use migrations::DatabaseOptions;
use url::Url;

use keys::keyring;
use sql::database::Database;

pub use auth::api_keys::{API_KEY_PREFIX, ApiKeys};
pub use auth::credentials::{CredentialError, Credentials};
pub use auth::password_policy::check_password;
pub use auth::sessions::{RefreshError, Session, Sessions};
pub use auth::sign_ins::{SignIn, SignInKind, SignIns};
pub use consumers::checkpoints::Checkpoints;
pub use consumers::dead_letters::DeadLetters;
pub use consumers::work_queue::{Claim, WorkItem, WorkQueue};
pub use event_store::log::Verification;
pub use event_store::{CommandError, EventStore, Executed, sequencer};
pub use files::Files;
pub use files::received::{ReceiveError, Received};
pub use idempotency::{Idempotency, KeyClaim};
pub use keys::secret_file::rotate_secret_file;
pub use keys::service_keys::ServiceKeys;
pub use keys::subject_keys::SubjectKeys;
pub use sql::postgres::lease::Lease;
pub use sql::rows::{DeadLetter, EventFilter};

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
    pub subject_keys: SubjectKeys,
    /// Which request an idempotency key belongs to.
    pub idempotency: Idempotency,
    /// How far the consumers have come.
    pub checkpoints: Checkpoints,
    /// What the consumers could not handle.
    pub dead_letters: DeadLetters,
    /// What the consumers behind a message bus have to do; none in SQLite, where they read the log themselves.
    pub work_queue: Option<WorkQueue>,
    /// The keys derived from the service secret.
    pub service_keys: Arc<ServiceKeys>,
}

impl Commands {
    /// Opens the event store and the files that two URLs name, and brings the tables up to date.
    ///
    /// # Errors
    /// When a scheme is not supported, a store cannot be opened, or its data was written under another service secret.
    pub async fn open(event_store_url: &Url, files_url: &Url, service_keys: ServiceKeys) -> Result<Self> {
        Self::open_with(event_store_url, files_url, service_keys, &DatabaseOptions::default()).await
    }

    /// The same, with a say in how the database is opened.
    ///
    /// # Errors
    /// As above, and when the tables are too old and may not be changed.
    pub async fn open_with(
        event_store_url: &Url,
        files_url: &Url,
        mut service_keys: ServiceKeys,
        options: &DatabaseOptions,
    ) -> Result<Self> {
        let database = Database::open(event_store_url, options).await?;
        keyring::open(&database, &mut service_keys).await?;
        let service_keys = Arc::new(service_keys);
        Ok(Self {
            store: EventStore::on(database.clone()).await?,
            files: Files::open(files_url).await?,
            credentials: Credentials::on(database.clone()),
            sessions: Sessions::on(database.clone(), service_keys.clone()),
            api_keys: ApiKeys::on(database.clone(), service_keys.clone()),
            sign_ins: SignIns::on(database.clone()),
            subject_keys: SubjectKeys::on(database.clone(), service_keys.clone()),
            idempotency: Idempotency::on(database.clone(), service_keys.clone()),
            work_queue: WorkQueue::on(&database),
            dead_letters: DeadLetters::on(database.clone()),
            checkpoints: Checkpoints::on(database),
            service_keys,
        })
    }
}
