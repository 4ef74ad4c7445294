//! The command line: one program, a command for each job.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use commands::Secrets;
use domain::ReportId;
use processors::bus::Bus;
use processors::consumers::project;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::app::{self, App};
use crate::config::{Config, Settings};
use crate::generate::{self, Plan};
use crate::{asyncapi, demo, health, openapi, server};

/// Turns the purchases of retail stores into segments of shoppers.
#[derive(Parser)]
#[command(name = "datacore", version, about)]
pub struct Cli {
    /// A TOML file of settings; the environment and flags come after it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the service (the default).
    Serve,
    /// Runs the service on a temporary folder with two years of generated purchases and two reports.
    Demo {
        /// Purchases to generate for each year of each of the two stores.
        #[arg(long, default_value_t = 30_000)]
        rows: u64,
    },
    /// Creates or updates the tables, and ends.
    Migrate,
    /// Empties the views and folds the whole log into them again. The service must not run meanwhile.
    Rebuild {
        /// What to rebuild.
        #[arg(default_value = "views", value_parser = ["views"])]
        view: String,
    },
    /// Checks that the log has no gaps and that no stored event was changed.
    Verify,
    /// Prints the log as JSON lines.
    Events {
        /// Only events after this position.
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// Lists events that a consumer gave up on.
    Parked {
        /// Gives them to their consumers once more. With the bus `log:`, the service must not run meanwhile.
        #[arg(long)]
        replay: bool,
    },
    /// Asks the service on this machine whether it is ready: for health checks of containers.
    Health,
    /// Computes something again from the uploaded files and says whether it is the same. The service may run meanwhile.
    Replay {
        /// What to compute.
        #[arg(value_parser = ["report"])]
        what: String,
        /// Its id.
        id: uuid::Uuid,
    },
    /// Draws a new secret key into the data folder and wraps every key anew. The service must not run meanwhile.
    RotateKeys,
    /// Prints the configuration in force, without secrets.
    Config,
    /// Prints the OpenAPI document: the endpoints.
    Openapi,
    /// Prints the AsyncAPI document: the events at RabbitMQ.
    Asyncapi,
    /// Prints generated purchases as CSV, with known kinds of shoppers behind them.
    Generate {
        /// Data rows.
        #[arg(long, default_value_t = 100_000)]
        rows: u64,
        /// The same seed gives the same bytes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many shoppers; by default a hundredth of the rows, 200 to 50,000.
        #[arg(long)]
        shoppers: Option<u32>,
        /// 1 is 2025. In 2, which is 2026, the same shoppers come and a fifth of them shop like another kind.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2))]
        year: u32,
        /// Also writes each shopper's true kind to this file, as CSV.
        #[arg(long)]
        truth: Option<PathBuf>,
    },
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// With words for the person at the terminal.
    pub async fn run(self) -> Result<()> {
        log_to_stderr();
        let config = || Config::load(self.config.as_deref(), &self.settings);
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve(config()?).await,
            Command::Demo { rows } => demo::run(&self.settings, rows).await,
            Command::Migrate => app::open(&Config { migrate: true, ..config()? }).await.map(drop),
            Command::Rebuild { .. } => rebuild(&config()?).await,
            Command::Verify => verify(&config()?).await,
            Command::Events { after } => events(&config()?, after).await,
            Command::Parked { replay } => parked(&config()?, replay).await,
            Command::Health => health::ask(&config()?).await,
            Command::Replay { id, .. } => replay(&config()?, ReportId(id)).await,
            Command::RotateKeys => rotate_keys(&config()?).await,
            Command::Config => say(&config()?.shown()?),
            Command::Openapi => say(&(openapi::routes().1.to_pretty_json()? + "\n")),
            Command::Asyncapi => say(asyncapi::document()),
            Command::Generate { rows, seed, shoppers, year, truth } => {
                generate_csv(&Plan { rows, seed, shoppers, year }, truth)
            }
        }
    }
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("DATACORE_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() { lines.init() } else { lines.json().init() }
}

async fn serve(config: Config) -> Result<()> {
    let listener = bind(config.listen).await?;
    let app = App::start(config).await?;
    let scheme = if app.config.tls_cert.is_some() { "https" } else { "http" };
    tracing::info!(url = format!("{scheme}://{}", listener.local_addr()?), data = %app.config.data.display(), "listening");
    let served = server::serve(app.clone(), listener, stop_signal()).await;
    app.stop().await;
    served
}

/// Listens, or says in words why not.
///
/// # Errors
/// When the address is taken or not ours.
pub async fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listening = TcpListener::bind(address).await;
    listening.with_context(|| format!("listening on {address}; choose another address with --listen"))
}

/// Ends when the process is asked to: Ctrl-C or SIGTERM.
pub async fn stop_signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

async fn rebuild(config: &Config) -> Result<()> {
    let context = app::open(config).await?;
    let views = &context.projections.views;
    views.rebuild().await?;
    let mut position = 0;
    loop {
        let events = context.commands.store.read(position, 500).await?;
        let Some(last) = events.last().map(|event| event.position) else { break };
        position = project::fold(views, &context.commands.checkpoints, &events).await?;
        ensure!(position == last, "the views stopped at position {position}");
    }
    say(&format!("rebuilt the views from {position} events\n"))
}

async fn verify(config: &Config) -> Result<()> {
    let found = app::open(config).await?.commands.store.verify().await?;
    for problem in &found.problems {
        say(&format!("{problem}\n"))?;
    }
    ensure!(found.problems.is_empty(), "{} of {} events are not as they were", found.problems.len(), found.events);
    say(&format!("{} events: positions without gaps, every leaf hash as recorded\n", found.events))
}

async fn events(config: &Config, mut after: u64) -> Result<()> {
    let store = app::open(config).await?.commands.store;
    loop {
        let events = store.read(after, 500).await?;
        let Some(last) = events.last() else { return Ok(()) };
        after = last.position;
        for event in &events {
            say(&(crate::routes::event_line(event)? + "\n"))?;
        }
    }
}

async fn replay(config: &Config, id: ReportId) -> Result<()> {
    let (is_same, sentence) = crate::replay::report(&app::open(config).await?, id).await?;
    say(&format!("{sentence}\n"))?;
    ensure!(is_same, "the report {id} cannot be reproduced");
    Ok(())
}

async fn parked(config: &Config, replay: bool) -> Result<()> {
    let context = app::open(config).await?;
    let bus = Bus::open(&config.bus_url, &context.commands)?;
    for parked in context.commands.checkpoints.parked().await? {
        say(&format!("{} {} {}: {}\n", parked.parked_at, parked.consumer, parked.position, parked.error))?;
        if replay {
            processors::replay(&context, &bus, &parked).await?;
        }
    }
    Ok(())
}

async fn rotate_keys(config: &Config) -> Result<()> {
    ensure!(
        config.secret_key.is_none(),
        "the secret key is given by the configuration: give the new one as DATACORE_SECRET_KEY and this one as \
         DATACORE_SECRET_KEY_PREVIOUS, and start the service; take the previous one away a day later"
    );
    let path = config.data.join("secret_key");
    // First finish a rotation that was cut off, so that the secret before it is not needed any more.
    app::open(config).await?;
    Secrets::rotate_file(&path)?;
    app::open(config).await?;
    let path = path.display();
    say(&format!(
        "a new secret key is in {path}, and every key is wrapped under it; remove {path}_previous once the service has \
         run for {} minutes, when nobody has an access token of the old key any more\n",
        config.access_token_minutes
    ))
}

fn generate_csv(plan: &Plan, truth: Option<PathBuf>) -> Result<()> {
    if let Some(path) = truth {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        writeln!(file, "customer_id,kind")?;
        for (shopper, kind) in generate::truth(plan) {
            writeln!(file, "{shopper},{kind}")?;
        }
        file.flush()?;
    }
    let written = generate::purchases(plan, &mut std::io::stdout().lock());
    match written {
        // The reader has seen enough, as with `| head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing purchases"),
    }
}

fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
