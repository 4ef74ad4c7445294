//! What the service depends on, and whether it can work. It tells nothing that a stranger should not know.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::join_all;
use futures::{FutureExt, join};
use processors::bus::Backlog;
use serde::Serialize;
use tokio::time::timeout;
use url::Url;
use utoipa::ToSchema;

use crate::app::App;
use crate::build_info::BuildInfo;
use crate::http::metrics::Gauges;

/// A dependency that says nothing for so long is taken for absent.
pub(crate) const WITHIN: Duration = Duration::from_secs(2);

/// What the service depends on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready`; `degraded` when something is away that work can wait for; `not_ready` when nothing can be done;
    /// `draining` when the service is about to end.
    status: &'static str,
    /// The version of the program.
    version: &'static str,
    /// The commit that it was built from, followed by `-dirty` when it is not quite that; `unknown` where nobody knows.
    commit: &'static str,
    dependencies: Vec<Dependency>,
    /// The newest position of the log.
    head: Option<u64>,
    /// How far the views are.
    projected: Option<u64>,
    /// How far the log is published, where there is a message bus.
    published: Option<u64>,
    /// How many events its consumers still have to handle.
    open_deliveries: Option<u64>,
}

/// A thing that the service works with.
#[derive(Serialize, ToSchema)]
struct Dependency {
    /// `event_store`, `files`, `views`, `bus`, `frames` or `cache`.
    name: &'static str,
    /// What it is, such as `PostgreSQL`.
    engine: &'static str,
    ok: bool,
    /// Whether nothing can be accepted without it.
    needed: bool,
    /// The state in words.
    detail: String,
}

impl Readiness {
    /// Whether requests should come here.
    pub(crate) fn can_work(&self) -> bool {
        matches!(self.status, "ready" | "degraded")
    }
}

impl Readiness {
    /// Tells the same in numbers.
    pub(crate) fn add_gauges(&self, gauges: &mut Gauges) {
        let up = self.dependencies.iter().map(|dependency| (dependency.name.to_owned(), dependency.ok.into()));
        gauges.gauge_family("dependency_up", "Whether what the service works with answers", "dependency", up);
        gauges.gauge("log_position", "The newest position of the log", self.head);
        gauges.gauge("views_position", "Up to which position the views show the log", self.projected);
        gauges.gauge("published_position", "Up to which position the log is published", self.published);
        let help = "Events that consumers at the message bus have still to handle";
        gauges.gauge("open_deliveries", help, self.open_deliveries);
    }
}

/// Looks at every dependency at the same time.
pub(crate) async fn look(app: &App) -> Readiness {
    let (config, store, projections) = (&app.config, &app.commands.store, &app.projections);
    let checks = [
        check("event_store", true, &config.event_store_url, store.check()).boxed(),
        check("files", true, &config.files_url, app.commands.files.check()).boxed(),
        check("views", true, &config.views_url, projections.views.check()).boxed(),
        check("bus", false, &config.bus_url, app.bus.check()).boxed(),
        check("frames", false, &config.frames_url, projections.frames.check()).boxed(),
        check("cache", false, &config.cache_url, projections.cache.check()).boxed(),
    ];
    let positions = async { join!(timeout(WITHIN, store.head()), timeout(WITHIN, projections.views.checkpoint())) };
    let backlog = timeout(WITHIN, app.bus.backlog(&app.commands));
    let (dependencies, (head, projected), backlog) = join!(join_all(checks), positions, backlog);
    let Backlog { published, open_deliveries } = backlog.ok().and_then(Result::ok).unwrap_or_default();
    let missing = |needed| dependencies.iter().any(|dependency| !dependency.ok && dependency.needed == needed);
    let status = match () {
        () if app.shutdown.is_cancelled() => "draining",
        () if missing(true) => "not_ready",
        () if missing(false) => "degraded",
        () => "ready",
    };
    let known = |position: Result<Result<u64>, _>| position.ok()?.ok();
    let BuildInfo { version, commit } = config.build;
    Readiness {
        status,
        version,
        commit,
        dependencies,
        head: known(head),
        projected: known(projected),
        published,
        open_deliveries,
    }
}

async fn check(name: &'static str, needed: bool, url: &Url, check: impl Future<Output = Result<()>>) -> Dependency {
    let start = Instant::now();
    let answer = timeout(WITHIN, check).await.context("it says nothing").flatten();
    if let Err(error) = &answer {
        tracing::warn!(dependency = name, error = format!("{error:#}"), "dependency does not answer");
    }
    let detail = match &answer {
        Ok(()) => format!("answers within {} ms", start.elapsed().as_millis() + 1),
        Err(_) => format!("does not answer; {}", without(name)),
    };
    Dependency { name, engine: engine(url), ok: answer.is_ok(), needed, detail }
}

/// What follows when a dependency is away.
fn without(name: &str) -> &'static str {
    match name {
        "bus" => "events wait in the log and are delivered later",
        "frames" => "files are accepted and become datasets later; rows cannot be read",
        "cache" => "answers are right, but slower, and progress is not shown",
        _ => "nothing can be accepted",
    }
}

fn engine(url: &Url) -> &'static str {
    match url.scheme() {
        "sqlite" => "SQLite",
        "postgres" | "postgresql" => "PostgreSQL",
        "amqp" | "amqps" => "RabbitMQ",
        "log" => "the log itself",
        "mongodb" | "mongodb+srv" => "MongoDB",
        "redis" | "rediss" => "Redis",
        "memory" => "memory of the process",
        "s3" => "S3",
        _ => "folder",
    }
}
