//! The settings of `terminal`: the command line takes precedence, then the environment, then
//! the table `[terminal]` of `onshi-mock.toml`, then the defaults.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use reqwest::Url;
use serde::Deserialize;

use super::{CommandLine, from_file};

/// The file in the state directory with the admin address of the running terminal.
const ADDRESS_FILE: &str = "admin-addr";

/// What can be set, as options, as `ONSHI_TERMINAL_…` variables, or as keys of the file.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TerminalOptions {
    /// バックエンドの URL（例：https://127.0.0.1:8443） / The backend, such as https://127.0.0.1:8443 (http only on loopback, for tests)
    #[arg(long, env = "ONSHI_TERMINAL_SERVER", value_name = "URL", value_parser = server)]
    server: Option<ServerUrl>,
    /// 信頼する唯一の CA（サーバーの ca.pem） / The only CA that is trusted (ca.pem of the server)
    #[arg(long, env = "ONSHI_TERMINAL_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// 端末証明書。どの端末かは、この証明書の subject で決まる / The terminal's certificate; its subject says which terminal this is
    #[arg(long, env = "ONSHI_TERMINAL_CERT", value_name = "FILE")]
    cert: Option<PathBuf>,
    /// 端末証明書の秘密鍵 / The certificate's private key
    #[arg(long, env = "ONSHI_TERMINAL_KEY", value_name = "FILE")]
    key: Option<PathBuf>,
    /// 処理する連携フォルダー：DIR/req、DIR/res、DIR/face / The linkage folder that it serves: DIR/req, DIR/res, DIR/face [default: none]
    #[arg(long, env = "ONSHI_TERMINAL_LINKAGE", value_name = "DIR")]
    linkage: Option<PathBuf>,
    /// 待ち時間をすべてこの数で割る / Everything that it waits for is divided by this [default: 1]
    #[arg(long, env = "ONSHI_TERMINAL_SPEED", value_name = "N")]
    speed: Option<f64>,
    /// シャットダウンを休止にするか（電源を入れても完全な起動にならない） / Whether a shutdown only hibernates, so that switching on is no boot [default: true]
    #[arg(long, env = "ONSHI_TERMINAL_FAST_STARTUP", value_name = "BOOL")]
    fast_startup: Option<bool>,
    /// 端末の記憶と、操作用のトークンを置くディレクトリ / The terminal's memory, and the token for commands [default: onshi-mock-terminal]
    #[arg(long, env = "ONSHI_TERMINAL_STATE", value_name = "DIR", global = true)]
    state: Option<PathBuf>,
    /// 操作を受け付けるアドレス。ループバックのみ。ポート 0 なら空きポート / Where commands arrive, loopback only; port 0 picks a free one [default: 127.0.0.1:8445; for commands: where the terminal of --state is]
    #[arg(long, env = "ONSHI_TERMINAL_ADMIN_ADDR", value_name = "ADDR", global = true)]
    admin_addr: Option<SocketAddr>,
}

/// The backend's root URL, with a trailing slash.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct ServerUrl(Url);

/// The settings, complete and validated.
#[derive(Clone, Debug)]
pub struct TerminalConfig {
    /// The backend's root URL.
    pub server: Url,
    /// The file of the CA.
    pub ca: PathBuf,
    /// The file of the certificate.
    pub cert: PathBuf,
    /// The file of the private key.
    pub key: PathBuf,
    /// The linkage folder, if the terminal serves one.
    pub linkage: Option<PathBuf>,
    /// The divisor of all waiting times: 0.001 to 1,000,000.
    pub speed: f64,
    /// Whether a shutdown only hibernates.
    pub fast_startup: bool,
    /// The state directory.
    pub state: PathBuf,
    /// The address that accepts commands.
    pub admin_addr: SocketAddr,
}

/// How to reach a running terminal.
#[derive(Clone, Debug)]
pub struct RunningTerminal {
    /// The state directory.
    pub state: PathBuf,
    /// The address that accepts commands.
    pub admin_addr: SocketAddr,
}

impl CommandLine<TerminalOptions> {
    /// Adds the settings of the file and the defaults, for the terminal itself.
    ///
    /// # Errors
    /// The file cannot be read, or a setting is missing or out of range.
    pub fn complete(&self, file: Option<&Path>) -> anyhow::Result<TerminalConfig> {
        let settings = self.apply_to(from_file(file)?.terminal);
        let admin_addr = settings.admin_addr.unwrap_or(default_admin_addr());
        let speed = settings.speed.unwrap_or(1.0);
        ensure!(
            (0.001..=1_000_000.0).contains(&speed),
            "speed: 0.001 から 1000000 の数が必要です / a number from 0.001 to 1000000 is needed"
        );
        ensure!(
            admin_addr.ip().is_loopback(),
            "admin-addr: 127.0.0.1:8445 のようなループバックのアドレスが必要です / a loopback address such as 127.0.0.1:8445 is needed"
        );
        Ok(TerminalConfig {
            server: settings.server.with_context(|| missing_option("server"))?.0,
            ca: settings.ca.with_context(|| missing_option("ca"))?,
            cert: settings.cert.with_context(|| missing_option("cert"))?,
            key: settings.key.with_context(|| missing_option("key"))?,
            linkage: settings.linkage,
            speed,
            fast_startup: settings.fast_startup.unwrap_or(true),
            state: settings.state.unwrap_or_else(default_state),
            admin_addr,
        })
    }

    /// Finds the running terminal for a command. Unless the address is given, it is read from
    /// the state directory, where the terminal wrote it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find_running(&self, file: Option<&Path>) -> anyhow::Result<RunningTerminal> {
        let given = self.options.admin_addr;
        let settings = self.apply_to(from_file(file)?.terminal);
        let state = settings.state.unwrap_or_else(default_state);
        let noted = std::fs::read_to_string(state.join(ADDRESS_FILE)).ok().and_then(|text| text.trim().parse().ok());
        Ok(RunningTerminal { admin_addr: given.or(noted).or(settings.admin_addr).unwrap_or(default_admin_addr()), state })
    }
}

impl TerminalConfig {
    /// Writes the address that accepts commands to the state directory.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn note_address(&self, admin_addr: SocketAddr) -> anyhow::Result<()> {
        let file = self.state.join(ADDRESS_FILE);
        std::fs::write(&file, format!("{admin_addr}\n"))
            .with_context(|| format!("{0} に書き込めません / {0} cannot be written", file.display()))
    }
}

fn default_admin_addr() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8445))
}

fn default_state() -> PathBuf {
    PathBuf::from("onshi-mock-terminal")
}

fn missing_option(option: &str) -> String {
    let variable = option.to_ascii_uppercase();
    format!("--{option}（または ONSHI_TERMINAL_{variable}）が必要です / --{option} or ONSHI_TERMINAL_{variable} is needed")
}

impl TryFrom<String> for ServerUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        server(&text)
    }
}

fn server(text: &str) -> Result<ServerUrl, String> {
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
    Ok(ServerUrl(url))
}
