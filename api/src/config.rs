//! Configuration: defaults, then a TOML file, then `DATACORE_…` in the environment, then flags.

mod environment;
pub(crate) mod help;
mod settings;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use ipnet::IpNet;
use processors::Role;
use serde::Serialize;
use url::Url;

use crate::build_info::BuildInfo;
use environment::Environment;
pub use settings::{SecretText, Settings};

/// The folder of the data unless the settings name another.
const DEFAULT_DATA: &str = "datacore-data";

/// The configuration that is in force.
#[derive(Clone, Serialize)]
pub struct Config {
    /// Which build of the program it is in force for.
    #[serde(skip)]
    pub(crate) build: BuildInfo,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Folder of the embedded profile's data.
    pub data: PathBuf,
    /// The secret that all keys are derived from, when configured.
    #[serde(skip)]
    pub secret_key: Option<SecretText>,
    /// The secret key before, while it is changed.
    #[serde(skip)]
    pub secret_key_previous: Option<SecretText>,
    /// Life of an access token in minutes.
    pub access_token_minutes: u32,
    /// Where events are stored.
    pub event_store_url: Url,
    /// Whether to bring the tables up to date at start.
    pub migrate: bool,
    /// Most connections of this process to each database server.
    pub database_connections: u32,
    /// Where uploaded files are stored.
    pub files_url: Url,
    /// What carries events to consumers.
    pub bus_url: Url,
    /// Where dataframes are stored.
    pub frames_url: Url,
    /// Where views are stored.
    pub views_url: Url,
    /// Where answers are cached.
    pub cache_url: Url,
    /// Largest upload in bytes, after decompression.
    pub upload_max_bytes: u64,
    /// PEM file with the certificate chain.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key.
    pub tls_key: Option<PathBuf>,
    /// Networks of proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose pages may call the interface from a browser.
    pub cors_origins: Vec<String>,
    /// Requests a minute of one user, and of one address.
    pub limit_requests: u32,
    /// Attempts to sign in a minute from one address.
    pub limit_sign_ins: u32,
    /// Sign-ups a minute from one address.
    pub limit_sign_ups: u32,
    /// Uploads a minute of one user.
    pub limit_uploads: u32,
    /// The address under which people reach the service.
    pub public_url: Option<Url>,
    /// Mail server that tells people what became of their uploads and reports.
    pub smtp_url: Option<Url>,
    /// Address that the mail comes from.
    pub mail_from: Option<String>,
    /// Parts of the work that this process takes.
    pub roles: Vec<Role>,
}

impl Config {
    /// Reads file, environment and flags.
    ///
    /// # Errors
    /// Names the setting that cannot be read and where it came from.
    pub(crate) fn load(file: Option<&Path>, flags: &Settings) -> Result<Self> {
        Self::with_defaults(Self::settings(file, flags)?)
    }

    /// The settings of file, environment and flags, each before the ones named first.
    ///
    /// # Errors
    /// Names the setting that cannot be read and where it came from.
    pub(crate) fn settings(file: Option<&Path>, flags: &Settings) -> Result<Settings> {
        let mut figment = Figment::new();
        if let Some(file) = file {
            ensure!(file.is_file(), "there is no configuration file {}", file.display());
            figment = figment.merge(Toml::file_exact(file));
        }
        let figment = figment.merge(Environment).merge(Serialized::defaults(flags));
        figment.extract().context("reading the configuration")
    }

    /// Fills in the embedded profile's defaults.
    ///
    /// # Errors
    /// When the data folder's path cannot be made absolute, or the settings cannot work together.
    pub fn with_defaults(settings: Settings) -> Result<Self> {
        let data = std::path::absolute(settings.data.unwrap_or_else(|| DEFAULT_DATA.into()))?;
        let within = |scheme: &str, name: &str| -> Result<Url> {
            let mut url = Url::from_file_path(data.join(name)).ok().context("the data folder has no valid path")?;
            if scheme != "file" {
                url = url.as_str().replacen("file:", &format!("{scheme}:"), 1).parse()?;
            }
            Ok(url)
        };
        let or = |given: Option<Url>, default: Result<Url>| given.map_or(default, Ok);
        let roles = settings.roles.unwrap_or_else(|| Role::ALL.to_vec());
        let config = Self {
            build: BuildInfo::of_commit("unknown"),
            listen: settings.listen.unwrap_or_else(|| ([127, 0, 0, 1], 8000).into()),
            secret_key: settings.secret_key,
            secret_key_previous: settings.secret_key_previous,
            access_token_minutes: settings.access_token_minutes.unwrap_or(15),
            event_store_url: or(settings.event_store_url, within("sqlite", "events.sqlite"))?,
            files_url: or(settings.files_url, within("file", "files"))?,
            bus_url: or(settings.bus_url, Ok("log:".parse()?))?,
            frames_url: or(settings.frames_url, within("file", "frames"))?,
            views_url: or(settings.views_url, within("sqlite", "views.sqlite"))?,
            cache_url: or(settings.cache_url, Ok("memory:".parse()?))?,
            upload_max_bytes: settings.upload_max_bytes.unwrap_or(2 << 30),
            tls_cert: settings.tls_cert,
            tls_key: settings.tls_key,
            trusted_proxies: settings
                .trusted_proxies
                .unwrap_or_default()
                .iter()
                .map(|text| network(text))
                .collect::<Result<_>>()?,
            cors_origins: settings.cors_origins.unwrap_or_default(),
            limit_requests: settings.limit_requests.unwrap_or(600_000),
            limit_sign_ins: settings.limit_sign_ins.unwrap_or(120),
            limit_sign_ups: settings.limit_sign_ups.unwrap_or(600),
            limit_uploads: settings.limit_uploads.unwrap_or(6_000),
            public_url: settings.public_url,
            smtp_url: settings.smtp_url,
            mail_from: settings.mail_from,
            migrate: settings.migrate.unwrap_or(true),
            database_connections: settings.database_connections.unwrap_or_else(|| connections(&roles)),
            roles,
            data,
        };
        config.check()?;
        Ok(config)
    }

    /// The configuration without secrets, as TOML would say it.
    ///
    /// # Errors
    /// Never in practice: it is plain data.
    pub(crate) fn shown(&self) -> Result<String> {
        let mut shown = serde_json::to_value(self)?;
        for (_, value) in shown.as_object_mut().into_iter().flatten() {
            if let Some(url) = value.as_str().and_then(|text| Url::parse(text).ok()) {
                *value = without_password(url).into();
            }
        }
        let lines = shown.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        Ok(lines.map(|(key, value)| format!("{key} = {value}\n")).collect())
    }

    /// What addresses of this service begin with, as it speaks itself.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls_cert.is_some() { "https" } else { "http" }
    }

    /// Whether people reach the service over https.
    pub(crate) fn is_https(&self) -> bool {
        self.tls_cert.is_some() || self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    fn check(&self) -> Result<()> {
        if !Role::ALL.iter().all(|role| self.roles.contains(role)) {
            self.check_split()?;
        }
        ensure!(self.database_connections > 1, "database_connections must be at least 2");
        ensure!(
            self.secret_key.is_some() || self.event_store_url.scheme() == "sqlite",
            "processes on a server database need the same secret key: set DATACORE_SECRET_KEY or DATACORE_SECRET_KEY_FILE to \
             at least 32 characters drawn at random, such as from `openssl rand -base64 32`"
        );
        for (name, secret) in [("secret_key", &self.secret_key), ("secret_key_previous", &self.secret_key_previous)] {
            secret.as_ref().map_or(Ok(()), |secret| secret.check(name))?;
        }
        ensure!(
            self.tls_cert.is_some() == self.tls_key.is_some(),
            "tls_cert and tls_key belong together: give both to speak https, or none"
        );
        ensure!(
            self.smtp_url.is_some() == self.mail_from.is_some(),
            "smtp_url and mail_from belong together: give both to send mail, or none"
        );
        for origin in &self.cors_origins {
            let ends_in_path = Url::parse(origin).map(|url| url.origin().ascii_serialization() != *origin);
            ensure!(
                ends_in_path == Ok(false),
                "'{origin}' in cors_origins is no origin, such as https://shop.example.com"
            );
        }
        ensure!(self.access_token_minutes > 0, "access_token_minutes must be at least 1");
        Ok(())
    }

    /// Processes that share the work must share what it is about. Folders are left to who runs them: they may be
    /// on a network volume.
    fn check_split(&self) -> Result<()> {
        let shared = [
            ("event_store_url", &self.event_store_url, "postgres:"),
            ("views_url", &self.views_url, "postgres:"),
            ("bus_url", &self.bus_url, "amqp:"),
            ("cache_url", &self.cache_url, "redis:"),
        ];
        let one_process = "or leave --role away, so that one process does everything";
        for (setting, url, server) in shared {
            let scheme = url.scheme();
            ensure!(
                scheme.starts_with(server.trim_end_matches(':')),
                "roles can be split over processes only on servers that all of them reach: {setting} begins with \
                 '{scheme}:' and must begin with '{server}'; {one_process}"
            );
        }
        ensure!(
            self.secret_key.is_some(),
            "roles can be split over processes only when all of them have the same secret: set DATACORE_SECRET_KEY; \
             {one_process}"
        );
        Ok(())
    }
}

/// Connections to a server that some roles keep busy. PostgreSQL does its best work with few for each core; a request
/// waits less in this process than there. By default it takes 100 in all.
fn connections(roles: &[Role]) -> u32 {
    let each = roles.iter().map(|role| match role {
        // Requests at the same moment, each for a millisecond or two; commits that wait together share one write to disk.
        Role::Api => 16,
        // Deliveries at the same moment, which mostly compute.
        Role::Ingest | Role::Segment => 4,
        // One works, another looks.
        Role::Relay | Role::Project | Role::Notify => 2,
    });
    each.sum()
}

/// A network, or a single address as the smallest one.
fn network(text: &str) -> Result<IpNet> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network
        .with_context(|| format!("'{text}' in trusted_proxies is neither an address nor a network such as 10.0.0.0/8"))
}

fn without_password(mut url: Url) -> String {
    if url.password().is_some() {
        // Fails only for URLs that cannot have a password.
        let _ = url.set_password(Some("…"));
    }
    url.to_string()
}

#[cfg(test)]
mod tests;
