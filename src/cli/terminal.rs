//! `onshi-mock terminal`: a simulated qualification terminal, and what acts on the running one.

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_lc_rs::rand;
use jiff::Timestamp;
use reqwest::Url;
use tokio::net::TcpListener;

use super::serve::{start_logging, told_to_stop};
use super::terminal_control::{self, TerminalCommand};
use crate::config::LogFormat;
use crate::domain::text::Text;
use crate::terminal::{Connecting, Settings, Terminal};
use crate::tls::{Readers, terminal_in, write_new};

/// Without a command: options of the terminal. With one: what to do to the running one.
#[derive(clap::Args)]
#[command(
    subcommand_negates_reqs = true,
    after_help = "--server などは環境変数 ONSHI_TERMINAL_<オプション名> でも設定できます（コマンドラインが優先）。\n\
Each option can also be an environment variable ONSHI_TERMINAL_<OPTION>; the command line wins."
)]
pub struct TerminalArgs {
    #[command(subcommand)]
    command: Option<TerminalCommand>,
    /// The backend, such as https://127.0.0.1:8443 (http only on loopback, for tests)
    #[arg(long, env = "ONSHI_TERMINAL_SERVER", value_name = "URL", required = true, value_parser = server)]
    server: Option<Url>,
    /// The only CA that is trusted (ca.pem of the server)
    #[arg(long, env = "ONSHI_TERMINAL_CA", value_name = "FILE", required = true)]
    ca: Option<PathBuf>,
    /// The terminal's certificate; its subject says which terminal this is
    #[arg(long, env = "ONSHI_TERMINAL_CERT", value_name = "FILE", required = true)]
    cert: Option<PathBuf>,
    /// The certificate's private key
    #[arg(long, env = "ONSHI_TERMINAL_KEY", value_name = "FILE", required = true)]
    key: Option<PathBuf>,
    /// The linkage folder that it serves: DIR/req, DIR/res, DIR/face
    #[arg(long, env = "ONSHI_TERMINAL_LINKAGE", value_name = "DIR")]
    linkage: Option<PathBuf>,
    /// Everything that it waits for is divided by this
    #[arg(long, env = "ONSHI_TERMINAL_SPEED", value_name = "N", default_value = "1", value_parser = speed)]
    speed: f64,
    /// Whether a shutdown only hibernates, so that switching on is no boot
    #[arg(long, env = "ONSHI_TERMINAL_FAST_STARTUP", value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    fast_startup: bool,
    #[command(flatten)]
    running: Running,
}

/// Where the running terminal is.
#[derive(Clone, clap::Args)]
pub(super) struct Running {
    /// The terminal's memory, and the token for commands
    #[arg(long, env = "ONSHI_TERMINAL_STATE", value_name = "DIR", default_value = "onshi-mock-terminal", global = true)]
    pub(super) state: PathBuf,
    /// Where commands arrive: loopback only
    #[arg(long, env = "ONSHI_TERMINAL_ADMIN_ADDR", value_name = "ADDR", default_value = "127.0.0.1:8445", global = true, value_parser = loopback)]
    pub(super) admin_addr: SocketAddr,
}

/// The token's file within the state directory.
pub(super) const TOKEN_FILE: &str = "admin-token";

/// How long an installation takes on a terminal.
const INSTALL_TIME: Duration = Duration::from_secs(60);

/// A transfer that is silent for so long is cut.
const SILENCE: Duration = Duration::from_secs(30);

/// Lives as a terminal until SIGTERM or Ctrl-C, or does something to the running one.
///
/// # Errors
/// Why it cannot go on.
pub async fn run(args: TerminalArgs, wall: fn() -> Timestamp) -> anyhow::Result<()> {
    if let Some(command) = args.command {
        return terminal_control::run(command, &args.running).await;
    }
    start_logging(LogFormat::Text);
    let stop = told_to_stop()?;
    let admin_addr = args.running.admin_addr;
    let settings = settings(args, wall)?;
    let listener = TcpListener::bind(admin_addr).await.with_context(|| {
        format!("{admin_addr} で待ち受けできません。--admin-addr で別のポートを指定してください / cannot listen on {admin_addr}: choose another port with --admin-addr")
    })?;
    tokio::select! {
        ended = live(settings, listener) => ended,
        () = stop => Ok(()),
    }
}

/// Says the ready line, and lives.
#[expect(clippy::print_stdout, reason = "the ready line is the command's output")]
async fn live(settings: Settings, listener: TcpListener) -> anyhow::Result<()> {
    let (address, addr) = (settings.address.clone(), listener.local_addr()?);
    let terminal = Terminal::open(settings).await.map_err(|why| said(&why))?;
    println!("onshi-mock terminal ready id={address} admin=http://{addr}");
    let _closing = Closing(Arc::clone(&terminal));
    Err(said(&terminal.run(listener).await))
}

/// Closes the linkage folder however the terminal ends, so that a look at many requests ends soon.
struct Closing(Arc<Terminal>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn settings(args: TerminalArgs, wall: fn() -> Timestamp) -> anyhow::Result<Settings> {
    let TerminalArgs { server: Some(server), ca: Some(ca), cert: Some(cert), key: Some(key), running, .. } = args else {
        return Err(anyhow!("--server, --ca, --cert, --key"));
    };
    let (ca_pem, certificate, key) = (read(&ca)?, read(&cert)?, read(&key)?);
    let address = terminal_in(&certificate, &ca_pem, wall()).map_err(|why| said(&why))?;
    let identity_pem = [certificate.as_slice(), b"\n", key.as_slice()].concat();
    let token = token(&running.state)?;
    Ok(Settings {
        address,
        connecting: Connecting { server, ca_pem, identity_pem, silence: SILENCE },
        state: running.state,
        linkage: args.linkage,
        speed: args.speed,
        fast_startup: args.fast_startup,
        install_time: INSTALL_TIME,
        bars: std::io::stderr().is_terminal(),
        token,
        wall,
    })
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{0} を読めません / {0} cannot be read", file.display()))
}

/// The token of the state directory, made at the first start.
fn token(state: &Path) -> anyhow::Result<String> {
    std::fs::create_dir_all(state).with_context(|| format!("{0} を作成できません / {0} cannot be made", state.display()))?;
    let file = state.join(TOKEN_FILE);
    if file.exists() {
        return long_enough(&file, String::from_utf8_lossy(&read(&file)?).trim());
    }
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| anyhow!("乱数を得られません / the machine gives no random bytes"))?;
    let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    write_new(&file, token.as_bytes(), Readers::Owner)?;
    Ok(token)
}

/// An empty token would let anybody in.
fn long_enough(file: &Path, token: &str) -> anyhow::Result<String> {
    (token.len() >= 16).then(|| token.to_owned()).with_context(|| {
        format!("{0} が短すぎます。削除すると作り直します / {0} is too short: remove it, and it is made anew", file.display())
    })
}

/// Both languages.
pub(super) fn said(why: &Text) -> anyhow::Error {
    anyhow!("{}\n{}", why.ja, why.en)
}

fn server(text: &str) -> Result<Url, String> {
    let wrong = || {
        format!(
            "https://<ホスト>:<ポート> が必要です（http はループバックのみ） / https://<host>:<port> is needed (http on loopback only), not {text:?}"
        )
    };
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !(url.scheme() == "https" || (url.scheme() == "http" && here)) || host.is_empty() {
        return Err(wrong());
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn speed(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|speed: &f64| (0.001..=1_000_000.0).contains(speed));
    parsed.ok_or_else(|| "0.001 から 1000000 の数が必要です / a number from 0.001 to 1000000 is needed".to_owned())
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let parsed = text.parse().ok().filter(|addr: &SocketAddr| addr.ip().is_loopback());
    parsed.ok_or_else(|| {
        "127.0.0.1:8445 のようなループバックのアドレスが必要です / a loopback address such as 127.0.0.1:8445 is needed".to_owned()
    })
}
