//! The command line: one file a subcommand.

pub mod certs;
pub mod check_fixtures;
pub mod health;
pub mod openapi;
pub mod serve;
pub mod terminal;
mod terminal_control;
pub mod verdict;
mod verify;

use clap::{Parser, Subcommand};

/// オンライン資格確認の模擬環境 — a rehearsal of Japan's online insurance qualification check
///
/// 更新をインストールしたまま再起動していない資格確認端末が、再起動されるまで資格確認を拒否する状況を再現します。
/// A terminal that installed an update but was not restarted refuses every check until its restart: rehearse that with your receipt computer.
#[derive(Parser)]
#[command(name = "onshi-mock", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Subcommand)]
pub enum Command {
    /// Start the mock: backend and control API over HTTPS (模擬サーバーを起動)
    Serve(serve::ServeArgs),
    /// A simulated qualification terminal, and commands to the running one (模擬の資格確認端末とその操作)
    Terminal(terminal::TerminalArgs),
    /// Make, issue and show certificates (証明書の作成・発行・表示)
    Certs(certs::CertsArgs),
    /// Check fixture files: file, line, what is wrong, what was expected (フィクスチャの検査)
    CheckFixtures(check_fixtures::CheckFixturesArgs),
    /// Print the API's description in OpenAPI 3.1 (API の OpenAPI 文書を出力)
    Openapi(openapi::OpenapiArgs),
    /// Exit with 0 when the server is ready (稼働確認)
    Health(health::HealthArgs),
    /// Fetch the verdict on an institution's clients: JSON, JUnit XML or a page; exit 1 where a rule failed (クライアントの判定)
    Verdict(verdict::VerdictArgs),
}
