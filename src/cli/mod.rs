//! The command line; one file per subcommand.

#[macro_use]
mod output;

mod browser;
pub mod certs;
pub mod check_fixtures;
pub mod console_link;
mod control_api;
pub mod health;
mod logging;
pub mod openapi;
pub mod serve;
pub mod terminal;
mod terminal_control;
mod trust;
pub mod usage;
pub mod verdict;
mod verify;

use clap::{Parser, Subcommand};
pub use output::print_error;

/// オンライン資格確認の模擬サーバー — a rehearsal of Japan's online insurance qualification check
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
    /// 模擬サーバーを起動する / Start the mock: backend and control API over HTTPS
    Serve(serve::ServeArgs),
    /// 模擬の資格確認端末と、その操作 / A simulated qualification terminal, and commands to the running one
    Terminal(terminal::TerminalArgs),
    /// 証明書を作成・発行・表示し、CA を信頼させる / Make, issue and show certificates, and trust the CA
    Certs(certs::CertsArgs),
    /// フィクスチャを検査する / Check fixture files: file, line, what is wrong, what was expected
    CheckFixtures(check_fixtures::CheckFixturesArgs),
    /// API の OpenAPI 文書を出力する / Print the API's description in OpenAPI 3.1
    Openapi(openapi::OpenapiArgs),
    /// サーバーが応答できれば終了コード 0 / Exit with 0 when the server is ready
    Health(health::HealthArgs),
    /// コンソールにサインインするリンクを作る / Make another link that signs in to the console of the running server
    ConsoleLink(console_link::ConsoleLinkArgs),
    /// クライアントの判定を取得する / Fetch the verdict on an institution's clients: JSON, JUnit XML or a page; exit 1 where a rule failed
    Verdict(verdict::VerdictArgs),
}
