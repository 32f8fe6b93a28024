//! The program: runs a subcommand and sets the exit code.

use std::process::ExitCode;

use clap::Parser;
use onshi_mock::cli::{Cli, Command, certs, check_fixtures, console_link, health, openapi, print_error, serve, terminal, usage, verdict};
use onshi_mock::clock;

/// A check allocates many small strings: this allocator takes less than half the time of most
/// systems' own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        if let Some(ja) = usage::in_japanese(&error) {
            print_error(ja);
        }
        error.exit()
    });
    let done = match cli.command {
        Command::Serve(args) => serve::run(args, clock::wall).await,
        Command::Terminal(args) => terminal::run(args, clock::wall).await,
        Command::Certs(args) => certs::run(args, clock::wall()),
        Command::CheckFixtures(args) => check_fixtures::run(&args, clock::wall()),
        Command::Health(args) => health::run(args).await,
        Command::Openapi(args) => openapi::run(&args, clock::wall()),
        Command::ConsoleLink(args) => console_link::run(args).await,
        Command::Verdict(args) => return verdict::run(args).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(error);
            ExitCode::FAILURE
        }
    }
}
