//! The command line: one program, a command for each job.

mod demo;
mod generate;
mod health;
mod maintenance;
pub mod replay;
pub mod sample_data;
mod terminal;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use domain::ReportId;
use tracing_subscriber::EnvFilter;

use crate::app::{self, App};
use crate::build_info::BuildInfo;
use crate::cli::sample_data::Plan;
use crate::config::{self, Config, Settings};
use crate::docs::{asyncapi, openapi};
use crate::http::server;
use terminal::say;

/// What holds for all settings.
const AFTER_HELP: &str = "\
Settings come from flags, before the environment, before the file that --config names, before the defaults. For each
DATACORE_<SETTING> there is also DATACORE_<SETTING>_FILE, which names a file that holds the value: that is how a secret is
best given, and how DATACORE_SECRET_KEY and DATACORE_SECRET_KEY_PREVIOUS are, which have no flag here. DATACORE_LOG says
what is logged, such as debug or info,sqlx=warn.";

/// Turns the purchases of retail stores into segments of shoppers.
#[derive(Parser)]
#[command(name = "datacore", after_help = AFTER_HELP)]
struct Cli {
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
    ///
    /// Settings hold as for the service, but for where data are, who works on them and mail: of those only flags count, so that
    /// a demo never fills a service that the environment or the file knows, nor writes to people. With --data the data stay.
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

/// Does what the arguments of this process ask for. What goes wrong is said in a line on standard error: status 1, or 2 for
/// arguments that nobody understands.
pub async fn run(build: BuildInfo) -> ExitCode {
    let done = async { arguments(build)?.run(build).await };
    match done.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone too, the status has to do.
            let _ = writeln!(std::io::stderr(), "datacore: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn arguments(build: BuildInfo) -> Result<Cli> {
    // The program has one command line, which lives as long as it does.
    let version: &'static str = build.sentence().leak();
    let matches = config::help::complete(Cli::command().version(version))?.get_matches();
    Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// With words for the person at the terminal.
    async fn run(self, build: BuildInfo) -> Result<()> {
        log_to_stderr();
        let config = || anyhow::Ok(Config { build, ..Config::load(self.config.as_deref(), &self.settings)? });
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve(config()?).await,
            Command::Demo { rows } => demo::run(self.config.as_deref(), &self.settings, rows, build).await,
            Command::Migrate => app::open(&Config { migrate: true, ..config()? }).await.map(drop),
            Command::Rebuild { .. } => maintenance::rebuild(&config()?).await,
            Command::Verify => maintenance::verify(&config()?).await,
            Command::Events { after } => maintenance::events(&config()?, after).await,
            Command::Parked { replay } => maintenance::parked(&config()?, replay).await,
            Command::Health => health::ask(&config()?).await,
            Command::Replay { id, .. } => replay::run(&config()?, ReportId(id)).await,
            Command::RotateKeys => maintenance::rotate_keys(&config()?).await,
            Command::Config => say(&config()?.shown()?),
            Command::Openapi => say(&(openapi::routes().1.to_pretty_json()? + "\n")),
            Command::Asyncapi => say(asyncapi::document()),
            Command::Generate { rows, seed, shoppers, year, truth } => {
                generate::run(&Plan { rows, seed, shoppers, year }, truth)
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
    let listener = server::bind(config.listen).await?;
    let app = App::start(config).await?;
    let url = format!("{}://{}", app.config.scheme(), listener.local_addr()?);
    tracing::info!(url, build = %app.config.build, data = %app.config.data.display(), "listening");
    let served = server::serve(app.clone(), listener, server::stop_signal()).await;
    app.stop().await;
    served
}
