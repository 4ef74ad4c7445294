//! The program `datacore`.

use std::process::ExitCode;

use datacore::build_info::BuildInfo;
use datacore::cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(BuildInfo::of_commit(env!("DATACORE_COMMIT"))).await
}
