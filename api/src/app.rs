//! What every handler works with, and the composition root that builds it from the configuration.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use commands::{Commands, Executed, KeyClaim, ServiceKeys, SignIn, SignInKind};
use cqrs_es::Aggregate;
use domain::{Metadata, UserId};
use migrations::DatabaseOptions;
use processors::bus::Bus;
use processors::email::Mailer;
use processors::{Context, Positions, Started};
use projections::Projections;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::config::{Config, SecretText};
use crate::http::limits::Limits;
use crate::http::metrics::Metrics;
use crate::http::problem::{KEY_REUSED, Problem};
use crate::http::request;
use crate::http::tokens::Tokens;

/// How long a command's answer waits until the read side shows it.
const VISIBLE_WITHIN: Duration = Duration::from_secs(2);
/// How long shutdown waits for tasks.
const GRACE: Duration = Duration::from_secs(10);

/// The state of the service.
#[derive(Clone)]
pub struct App {
    /// The write side.
    pub commands: Commands,
    /// The read side.
    pub projections: Projections,
    /// Access tokens.
    pub(crate) tokens: Arc<Tokens>,
    /// The configuration in force.
    pub config: Arc<Config>,
    /// What carries events to the consumers.
    pub bus: Bus,
    /// Where the consumers of this process stand that read the log themselves.
    pub(crate) positions: Positions,
    /// How often somebody may ask.
    pub(crate) limits: Arc<Limits>,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Set when the service is about to end.
    pub shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl App {
    /// Opens every store and starts the consumers of the configured roles.
    ///
    /// # Errors
    /// Names the store that cannot be opened, or the setting that cannot work.
    pub async fn start(config: Config) -> Result<Self> {
        let context = open(&config).await?;
        let bus = Bus::open(&config.bus_url, &context.commands)?;
        let (key, previous) = context.commands.service_keys.token_keys();
        let tokens = Tokens::new(&key, previous.as_ref(), config.access_token_minutes);
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let Started { positions, attempts } = processors::start(&context, &bus, &config.roles, &tasks, &shutdown);
        let Context { commands, projections, .. } = context;
        let (metrics, limits) = (Arc::new(Metrics::new(&config.build, &attempts)), Arc::new(Limits::new(&config)));
        let (forgetting, ending) = (limits.clone(), shutdown.clone());
        tasks.spawn(async move { forgetting.forget(ending).await });
        let (tokens, config) = (Arc::new(tokens), Arc::new(config));
        Ok(Self { commands, projections, tokens, config, bus, positions, limits, metrics, shutdown, tasks })
    }

    /// Ends the consumers and waits for them a while; unfinished work comes again at the next start.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        if tokio::time::timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("some tasks did not end in time");
        }
        self.bus.close().await;
    }

    /// Executes a command and waits until the read side shows what it did.
    ///
    /// # Errors
    /// The aggregate's refusal, or 500 when a store fails.
    pub(crate) async fn execute<A>(
        &self,
        id: Uuid,
        command: A::Command,
        metadata: &Metadata,
    ) -> Result<Executed<A>, Problem>
    where
        A: Aggregate<Services = ()>,
        A::Command: Clone + Send,
        A::Error: Into<Problem> + Send + Sync + 'static,
    {
        let executed = self.commands.store.execute::<A>(id, command, metadata).await?;
        self.wait_until_visible::<A>(id, executed.version).await?;
        Ok(executed)
    }

    async fn wait_until_visible<A: Aggregate>(&self, id: Uuid, version: u64) -> Result<()> {
        let position = self.commands.store.wait_for(A::TYPE, id, version, VISIBLE_WITHIN).await?;
        let is_visible = match position {
            Some(position) => self.views_reached(position).await?,
            None => false,
        };
        if !is_visible {
            request::mark_stale();
        }
        Ok(())
    }

    /// Waits a while until the read side shows everything up to a position, and says whether it does.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub(crate) async fn views_reached(&self, position: u64) -> Result<bool> {
        self.projections.views.wait_for(position, VISIBLE_WITHIN).await
    }

    /// Does some work once under an idempotency key: the key belongs to this work from then on, unless it is refused.
    ///
    /// # Errors
    /// 422 when the key belongs to other work; the work's own problem.
    pub(crate) async fn idempotent<T>(
        &self,
        user: Option<UserId>,
        key: Option<&str>,
        request: &impl Serialize,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let Some(key) = key else { return work.await };
        let owner = user.map_or_else(|| "-".to_owned(), |user| user.to_string());
        let fingerprint = serde_json::to_vec(request).context("reading the request's fingerprint")?;
        if self.commands.idempotency.claim(&owner, key, &fingerprint).await? == KeyClaim::Other {
            return Err(KEY_REUSED.with_detail("Another request was made with this Idempotency-Key."));
        }
        let done = work.await;
        // What is not shown yet looks like nothing, but the key belongs to it.
        if done.as_ref().is_err_and(Problem::is_refusal) && !request::is_stale() {
            self.commands.idempotency.release(&owner, key).await?;
        }
        done
    }

    /// Notes a sign-in or the like after the answer, which must not tell by its time that there is such a user.
    pub(crate) fn record_sign_in(&self, user: UserId, kind: SignInKind) {
        let address = request::client().map(|address| address.to_string());
        let (sign_ins, entry) = (self.commands.sign_ins.clone(), SignIn { at: request::now(), kind, address });
        self.tasks.spawn(async move {
            if let Err(error) = sign_ins.note(user, &entry).await {
                tracing::warn!(error = format!("{error:#}"), "a sign-in could not be noted");
            }
        });
    }

    /// Whether people reach the service over https.
    pub(crate) fn is_https(&self) -> bool {
        self.config.is_https()
    }

    /// Waits until every consumer has done what there is to do and nothing more comes: those of this process, or on a
    /// message bus those of all processes.
    ///
    /// # Errors
    /// When the log or the views cannot be read.
    pub async fn settle(&self) -> Result<()> {
        loop {
            let head = self.commands.store.committed().await?;
            let shown = self.projections.views.wait_for(head, Duration::from_secs(5)).await?;
            let done = self.bus.is_done(&self.commands, &self.positions, head).await?;
            if shown && done && self.commands.store.committed().await? == head {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Opens every store of a configuration, without starting anything.
///
/// # Errors
/// Names the store that cannot be opened.
pub(crate) async fn open(config: &Config) -> Result<Context> {
    if config.event_store_url.scheme() == "sqlite" || config.files_url.scheme() == "file" {
        tokio::fs::create_dir_all(&config.data)
            .await
            .with_context(|| format!("creating the data folder {}", config.data.display()))?;
    }
    let (connections, migrate) = (config.database_connections, config.migrate);
    let options = DatabaseOptions { connections, migrate };
    let (event_store, files) = (&config.event_store_url, &config.files_url);
    let commands = Commands::open_with(event_store, files, secrets(config)?, &options).await?;
    let (views, frames, cache) = (&config.views_url, &config.frames_url, &config.cache_url);
    let projections = Projections::open_with(views, frames, cache, &options).await?;
    let program_version = config.build.to_string().into();
    Ok(Context { commands, projections, mailer: mailer(config)?, program_version })
}

fn mailer(config: &Config) -> Result<Option<Mailer>> {
    let given = config.smtp_url.as_ref().zip(config.mail_from.as_deref());
    given.map(|(server, from)| Mailer::new(server, from, config.public_url.clone())).transpose()
}

fn secrets(config: &Config) -> Result<ServiceKeys> {
    match &config.secret_key {
        Some(secret) => ServiceKeys::rotated(secret.text(), config.secret_key_previous.as_ref().map(SecretText::text)),
        None => ServiceKeys::load_or_create(&config.data.join("secret_key")),
    }
}
