//! Configuration: defaults, then a TOML file, then `DATACORE_…` in the environment, then flags. The only
//! place that reads the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use figment::Figment;
use figment::Profile;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use processors::Role;
use serde::{Deserialize, Serialize};
use url::Url;

/// The prefix of every variable in the environment.
const PREFIX: &str = "DATACORE_";

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
    pub secret_key: Option<String>,
    /// Life of an access token in minutes.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_minutes: Option<u32>,
    /// Where events are stored: sqlite://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_store_url: Option<Url>,
    /// Where uploaded files are stored: file://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_url: Option<Url>,
    /// What carries events to consumers: log:
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus_url: Option<Url>,
    /// Where dataframes are stored: file://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames_url: Option<Url>,
    /// Where views are stored: sqlite://…
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub views_url: Option<Url>,
    /// Where answers are cached: memory:
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_url: Option<Url>,
    /// Largest upload in bytes, after decompression.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_max_bytes: Option<u64>,
    /// The address under which people reach the service, such as <https://datacore.example.com>.
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<Url>,
    /// Parts of the work that this process takes.
    #[arg(long = "role", global = true, value_delimiter = ',', value_parser = parse_role)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Role>>,
}

/// The configuration that is in force.
#[derive(Clone, Serialize)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Folder of the embedded profile's data.
    pub data: PathBuf,
    /// The secret that all keys are derived from, when configured.
    #[serde(skip)]
    pub secret_key: Option<String>,
    /// Life of an access token in minutes.
    pub access_token_minutes: u32,
    /// Where events are stored.
    pub event_store_url: Url,
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
    /// The address under which people reach the service.
    pub public_url: Option<Url>,
    /// Parts of the work that this process takes.
    pub roles: Vec<Role>,
}

impl Config {
    /// Reads file, environment and flags.
    ///
    /// # Errors
    /// Names the setting that cannot be read and where it came from.
    pub fn load(file: Option<&Path>, flags: &Settings) -> Result<Self> {
        let mut figment = Figment::new();
        if let Some(file) = file {
            ensure!(file.is_file(), "there is no configuration file {}", file.display());
            figment = figment.merge(Toml::file_exact(file));
        }
        let figment = figment.merge(Environment).merge(Serialized::defaults(flags));
        Self::with_defaults(figment.extract().context("reading the configuration")?)
    }

    /// Fills in the embedded profile's defaults.
    ///
    /// # Errors
    /// When the data folder's path cannot be made absolute, or the settings cannot work together.
    pub fn with_defaults(settings: Settings) -> Result<Self> {
        let data = std::path::absolute(settings.data.unwrap_or_else(|| "datacore-data".into()))?;
        let within = |scheme: &str, name: &str| -> Result<Url> {
            let mut url = Url::from_file_path(data.join(name)).ok().context("the data folder has no valid path")?;
            if scheme != "file" {
                url = url.as_str().replacen("file:", &format!("{scheme}:"), 1).parse()?;
            }
            Ok(url)
        };
        let or = |given: Option<Url>, default: Result<Url>| given.map_or(default, Ok);
        let config = Self {
            listen: settings.listen.unwrap_or_else(|| ([127, 0, 0, 1], 8000).into()),
            secret_key: settings.secret_key,
            access_token_minutes: settings.access_token_minutes.unwrap_or(15),
            event_store_url: or(settings.event_store_url, within("sqlite", "events.sqlite"))?,
            files_url: or(settings.files_url, within("file", "files"))?,
            bus_url: or(settings.bus_url, Ok("log:".parse()?))?,
            frames_url: or(settings.frames_url, within("file", "frames"))?,
            views_url: or(settings.views_url, within("sqlite", "views.sqlite"))?,
            cache_url: or(settings.cache_url, Ok("memory:".parse()?))?,
            upload_max_bytes: settings.upload_max_bytes.unwrap_or(2 << 30),
            public_url: settings.public_url,
            roles: settings.roles.unwrap_or_else(|| Role::ALL.to_vec()),
            data,
        };
        config.check()?;
        Ok(config)
    }

    /// The configuration without secrets, as TOML would say it.
    ///
    /// # Errors
    /// Never in practice: it is plain data.
    pub fn shown(&self) -> Result<String> {
        let mut shown = serde_json::to_value(self)?;
        for (_, value) in shown.as_object_mut().into_iter().flatten() {
            if let Some(url) = value.as_str().and_then(|text| Url::parse(text).ok()) {
                *value = without_password(url).into();
            }
        }
        let lines = shown.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        Ok(lines.map(|(key, value)| format!("{key} = {value}\n")).collect())
    }

    fn check(&self) -> Result<()> {
        let everything = Role::ALL.iter().all(|role| self.roles.contains(role));
        let embedded = self.event_store_url.scheme() == "sqlite" || self.bus_url.scheme() == "log";
        ensure!(
            everything || !embedded,
            "roles can be split over processes only on a server database and a message bus; \
             with sqlite: or log: leave --role away, so that one process does everything"
        );
        ensure!(self.access_token_minutes > 0, "access_token_minutes must be at least 1");
        Ok(())
    }
}

/// `DATACORE_A_B` gives the setting `a_b`; `DATACORE_A_B_FILE` names a file that holds it.
struct Environment;

impl figment::Provider for Environment {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named("environment variable")
            .interpolater(|_, keys| format!("{PREFIX}{}", keys.join("_").to_uppercase()))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let known = known_settings();
        let mut dict = Dict::new();
        for (name, value) in std::env::vars() {
            let Some(key) = name.strip_prefix(PREFIX).map(str::to_lowercase) else { continue };
            if known.contains(&key) {
                dict.insert(key, read_value(&value));
            } else if let Some(key) = key.strip_suffix("_file").filter(|key| known.iter().any(|known| known == key)) {
                let secret = std::fs::read_to_string(&value).map_err(|error| {
                    figment::Error::from(format!("{name} names {value}, which cannot be read: {error}"))
                })?;
                dict.insert(key.to_owned(), secret.trim_end().to_owned().into());
            }
        }
        Ok(Profile::Default.collect(dict))
    }
}

/// Lists by commas; a secret that looks like a number stays text because its field asks for text.
fn read_value(value: &str) -> Value {
    match value.parse::<u64>() {
        Ok(number) => number.into(),
        Err(_) => value.into(),
    }
}

fn known_settings() -> Vec<String> {
    use clap::Args;
    let command = Settings::augment_args(clap::Command::new("settings"));
    command.get_arguments().map(|argument| argument.get_id().as_str().to_owned()).collect()
}

fn parse_role(name: &str) -> Result<Role, String> {
    serde_json::from_value(name.into()).map_err(|_| "one of api, relay, project, ingest, segment, notify".to_owned())
}

fn without_password(mut url: Url) -> String {
    if url.password().is_some() {
        // Fails only for URLs that cannot have a password.
        let _ = url.set_password(Some("…"));
    }
    url.to_string()
}
