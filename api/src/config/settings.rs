//! What may be set.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use processors::Role;
use serde::{Deserialize, Serialize};
use url::Url;

/// Every setting, as a file, the environment or flags may give it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Folder of the embedded profile's data.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Secret of at least 32 characters that all keys are derived from; created in the data folder when absent.
    #[arg(long, global = true, hide = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<SecretText>,
    /// The secret key before, while it is changed: what it signed or sealed is still accepted.
    #[arg(long, global = true, hide = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_previous: Option<SecretText>,
    /// Life of an access token in minutes.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_minutes: Option<u32>,
    /// Where events are stored: sqlite://… or postgres://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_store_url: Option<Url>,
    /// Whether to bring the tables up to date at start; otherwise older ones are refused. `datacore migrate` always does.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrate: Option<bool>,
    /// Most connections of this process to each database server; by default as its roles need.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_connections: Option<u32>,
    /// Where uploaded files are stored: file://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_url: Option<Url>,
    /// What carries events to consumers: log: or amqp://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus_url: Option<Url>,
    /// Where dataframes are stored: file://… or mongodb://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames_url: Option<Url>,
    /// Where views are stored: sqlite://… or postgres://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub views_url: Option<Url>,
    /// Where answers are cached: memory: or redis://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_url: Option<Url>,
    /// Largest upload in bytes, after decompression.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_max_bytes: Option<u64>,
    /// PEM file with the certificate chain; with it and tls_key the service speaks https itself.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Addresses or networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8; by default none.
    #[arg(long, global = true, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<Vec<String>>,
    /// Origins whose pages may call the interface from a browser, such as <https://shop.example.com>; by default none.
    #[arg(long, global = true, value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors_origins: Option<Vec<String>>,
    /// Requests a minute of one user, and of one address; 0 for any number, as for the other limits.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_requests: Option<u32>,
    /// Attempts to sign in a minute from one address.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_sign_ins: Option<u32>,
    /// Sign-ups a minute from one address.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_sign_ups: Option<u32>,
    /// Uploads a minute of one user.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_uploads: Option<u32>,
    /// The address under which people reach the service, such as <https://datacore.example.com>.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<Url>,
    /// Mail server that tells people what became of their uploads and reports: smtps://user:password@host; by default none.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_url: Option<Url>,
    /// Address that the mail comes from, such as `DataCore <datacore@example.com>`.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_from: Option<String>,
    /// Parts of the work that this process takes.
    #[arg(long = "role", global = true, value_delimiter = ',', value_parser = parse_role)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Role>>,
}

/// A secret in the configuration. Printing it tells nothing.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// The secret itself.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Drawn at random, as far as can be told from it.
    pub(super) fn check(&self, setting: &str) -> Result<()> {
        let distinct = self.0.chars().collect::<BTreeSet<_>>().len();
        ensure!(
            self.0.chars().count() >= 32 && distinct >= 10,
            "{setting} is weak: it needs at least 32 characters drawn at random, such as from `openssl rand -base64 32`"
        );
        Ok(())
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

fn parse_role(name: &str) -> Result<Role, String> {
    serde_json::from_value(name.into()).map_err(|_| "one of api, relay, project, ingest, segment, notify".to_owned())
}
