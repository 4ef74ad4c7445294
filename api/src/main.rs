//! The program `datacore`.

use clap::Parser;
use datacore::cli::Cli;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    Cli::parse().run().await
}
