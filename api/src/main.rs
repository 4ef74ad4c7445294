//! The program `datacore`.

use clap::Parser;
use datacore::cli::Cli;

/// Small, short-lived allocations on many threads are the norm here, and freed memory should go back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    Cli::parse().run().await
}
