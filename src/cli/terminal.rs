//! `onshi-mock terminal`: runs a simulated terminal, or sends a command to the running one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::logging::start_logging;
use super::serve::stop_signal;
use super::terminal_control::{self, TOKEN_FILE, TerminalCommand, bilingual_error};
use crate::config::{CommandLine, LogFormat, TerminalConfig, TerminalOptions};
use crate::hex;
use crate::random;
use crate::terminal::{Connecting, Settings, Terminal};
use crate::tls::{Readers, terminal_in, write_new};

/// Without a command: options of the terminal. With one: what to do to the running one.
#[derive(clap::Args)]
#[command(
    after_help = "各オプションは環境変数か onshi-mock.toml の [terminal] のキー（先頭の -- を除いた同じ名前）でも設定できます。優先順：コマンドライン、環境変数、ファイル。\n\
Each option can also be an environment variable or a key of [terminal] in onshi-mock.toml (its name without --); the command line wins, then the environment."
)]
pub struct TerminalArgs {
    #[command(subcommand)]
    command: Option<TerminalCommand>,
    #[command(flatten)]
    options: CommandLine<TerminalOptions>,
    /// 設定ファイル / Configuration file [default: onshi-mock.toml, where it exists]
    #[arg(long, env = "ONSHI_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

/// How long an installation takes on a terminal.
const INSTALL_TIME: Duration = Duration::from_secs(60);

/// A transfer without data for this long is aborted.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a terminal until SIGTERM or Ctrl-C, or sends a command to the running one.
///
/// # Errors
/// The terminal cannot start or continue, or the command fails.
pub async fn run(args: TerminalArgs, wall: fn() -> Timestamp) -> anyhow::Result<()> {
    let TerminalArgs { command, options, config } = args;
    if let Some(command) = command {
        return terminal_control::run(command, &options.find_running(config.as_deref())?).await;
    }
    let config = options.complete(config.as_deref())?;
    start_logging(LogFormat::Text, wall);
    let stop = stop_signal()?;
    let admin_addr = config.admin_addr;
    let settings = settings(&config, wall)?;
    let listener = TcpListener::bind(admin_addr).await.with_context(|| {
        format!("{admin_addr} で待ち受けできません。--admin-addr で別のポートを指定してください / cannot listen on {admin_addr}: choose another port with --admin-addr")
    })?;
    tokio::select! {
        ended = run_terminal(&config, settings, listener) => ended,
        () = stop => Ok(()),
    }
}

/// Prints the ready line, and runs the terminal.
async fn run_terminal(config: &TerminalConfig, settings: Settings, listener: TcpListener) -> anyhow::Result<()> {
    let (address, addr) = (settings.address.clone(), listener.local_addr()?);
    let terminal = Terminal::open(settings).await.map_err(|why| bilingual_error(&why))?;
    config.note_address(addr)?;
    outln!("onshi-mock terminal ready id={address} admin=http://{addr}");
    let _closing = Closing(Arc::clone(&terminal));
    Err(bilingual_error(&terminal.run(listener).await))
}

/// Closes the linkage folder however the terminal ends, so that a scan of many requests ends
/// soon.
struct Closing(Arc<Terminal>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn settings(config: &TerminalConfig, wall: fn() -> Timestamp) -> anyhow::Result<Settings> {
    let (ca_pem, certificate, key) = (read(&config.ca)?, read(&config.cert)?, read(&config.key)?);
    let address = terminal_in(&certificate, &ca_pem, wall()).map_err(|why| bilingual_error(&why))?;
    let identity_pem = [certificate.as_slice(), b"\n", key.as_slice()].concat();
    let token = token(&config.state)?;
    Ok(Settings {
        address,
        connecting: Connecting { server: config.server.clone(), ca_pem, identity_pem, silence: TRANSFER_TIMEOUT },
        state: config.state.clone(),
        linkage: config.linkage.clone(),
        speed: config.speed,
        fast_startup: config.fast_startup,
        install_time: INSTALL_TIME,
        token,
        wall,
    })
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{0} を読めません / {0} cannot be read", file.display()))
}

/// Returns the token of the state directory, which is created at the first start.
fn token(state: &Path) -> anyhow::Result<String> {
    std::fs::create_dir_all(state).with_context(|| format!("{0} を作成できません / {0} cannot be made", state.display()))?;
    let file = state.join(TOKEN_FILE);
    if file.exists() {
        return check_length(&file, String::from_utf8_lossy(&read(&file)?).trim());
    }
    let token = hex::encode(random::bytes::<32>());
    write_new(&file, token.as_bytes(), Readers::Owner)?;
    Ok(token)
}

/// Refuses a short token: an empty one would let anyone in.
fn check_length(file: &Path, token: &str) -> anyhow::Result<String> {
    (token.len() >= 16).then(|| token.to_owned()).with_context(|| {
        format!("{0} が短すぎます。削除すると作り直します / {0} is too short: remove it, and it is made anew", file.display())
    })
}
