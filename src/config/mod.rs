//! The settings of `serve`: the command line takes precedence, then the environment, then
//! `onshi-mock.toml`, then the defaults.

mod precedence;
mod terminal;
mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use clap::builder::BoolishValueParser;
use jiff::civil::Date;
use reqwest::Url;
use serde::Deserialize;

use crate::domain::ids::TerminalAddress;
use crate::domain::period::Period;
use crate::institutions::Bounds;
use crate::linkage::LinkageLocation;
use crate::listener::BodyLimits;
use crate::listener::Limits;
use crate::policy::{ClientAuthPolicy, LoginPolicy};
use crate::push;
use crate::store::Target;
use crate::verdict::RULE_SET;
use crate::wire::parse_errors::in_japanese;

pub use precedence::CommandLine;
pub use terminal::{RunningTerminal, TerminalConfig, TerminalOptions};
pub(crate) use values::terminal_address;
use values::{address, collector, period, read_collector, read_store, read_strictness, store, strictness};

/// The file that is read if `--config` is not given.
const FILE: &str = "onshi-mock.toml";

/// What can be set, as options, as `ONSHI_…` variables, or as keys of the file.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// バックエンド（実際のシステムを模す側）のアドレス / Backend: what imitates the real system [default: 127.0.0.1:8443; port 0 picks a free one]
    #[arg(long, env = "ONSHI_BACKEND_ADDR", value_name = "ADDR", value_parser = address)]
    backend_addr: Option<SocketAddr>,
    /// 管理API（テストから操作する側）のアドレス / Control API: what tests drive [default: 127.0.0.1:8444]
    #[arg(long, env = "ONSHI_CONTROL_ADDR", value_name = "ADDR", value_parser = address)]
    control_addr: Option<SocketAddr>,
    /// 状態の保存先 / Where the state is kept: sqlite:PATH, memory (lost at the end) or postgres://user:password@host/database [default: sqlite:onshi-mock.db]
    #[arg(long, env = "ONSHI_STORE", value_name = "STORE", hide_env_values = true, value_parser = store)]
    #[serde(deserialize_with = "read_store")]
    store: Option<Target>,
    /// 同時に持てる医療機関の数 / Institutions at once [default: 300000]
    #[arg(long, env = "ONSHI_MAX_INSTITUTIONS", value_name = "N")]
    max_institutions: Option<u64>,
    /// メモリに置く医療機関のおおよそのバイト数。ほかは要求されたときに読み込む / About how many bytes of institutions are held in memory; the others are read when they are asked for [default: 134217728]
    #[arg(long, env = "ONSHI_CACHE_SIZE", value_name = "BYTES")]
    cache_size: Option<usize>,
    /// 組み込みの代わりに使うフィクスチャのディレクトリ。ないファイルは組み込みのものを使う / Fixture files to use instead of the compiled-in ones; a file that is missing there is taken from those
    #[arg(long, env = "ONSHI_FIXTURES", value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// CA、サーバー証明書、管理トークンのファイルを置くディレクトリ。ないものは作成する / Where the CA, the server's certificate and the control token are; what is missing is made [default: certs]
    #[arg(long, env = "ONSHI_CERTS", value_name = "DIR")]
    certs: Option<PathBuf>,
    /// サーバー証明書に加える DNS 名か IPアドレス。繰り返し可 / A further DNS name or IP address for the server's certificate; repeatable
    #[arg(long, env = "ONSHI_TLS_SAN", value_name = "NAME", value_delimiter = ',')]
    tls_san: Vec<String>,
    /// CA証明書をこのファイルにも書き出す（クライアントに信頼させるため） / Also write the CA's certificate here, for clients to trust
    #[arg(long, env = "ONSHI_CA_OUT", value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// クライアント証明書：off（求めない）、optional（任意）、required（ログインと配信で必須） / Client certificates: off, optional, or required for login and delivery [default: optional]
    #[arg(long, env = "ONSHI_CLIENT_AUTH", value_enum, value_name = "MODE")]
    client_auth: Option<ClientAuthPolicy>,
    /// ログイン：lenient はどの JSON オブジェクトも受け付け、strict は端末証明書かフィクスチャのユーザーとパスワードが必要 / Login: lenient accepts any JSON object, strict wants a certificate of ours or the fixtures' credentials [default: lenient]
    #[arg(long, env = "ONSHI_LOGIN", value_enum, value_name = "MODE")]
    login: Option<LoginPolicy>,
    /// 連携フォルダーを置くディレクトリ / Directory of the linkage folders: DIR/9910000018-T1/{req,res,face} and so on, made on demand [default: none]
    #[arg(long, env = "ONSHI_LINKAGE", value_name = "DIR")]
    linkage: Option<PathBuf>,
    /// --linkage のディレクトリそのものを連携フォルダーとする、ただ1台の端末（例：9910000026-T1） / The one terminal, such as 9910000026-T1, whose linkage folder DIR itself is
    #[arg(long, env = "ONSHI_LINKAGE_TERMINAL", value_name = "ID", value_parser = terminal_address)]
    linkage_terminal: Option<TerminalAddress>,
    /// 自動生成の内容の代わりに配信する、実際のパッケージのディレクトリ / Real files for packages instead of made-up bytes: DIR/linkage_application/5.3.0 and so on [default: none]
    #[arg(long, env = "ONSHI_PACKAGE_DIR", value_name = "DIR")]
    package_dir: Option<PathBuf>,
    /// 管理APIのトークン。16文字以上の表示可能な文字 / Token of the control API, 16 or more visible characters [default: the file control-token beside the certificates, made at random]
    #[arg(long, env = "ONSHI_CONTROL_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    control_token: Option<String>,
    /// コンソールにサインインするリンクを起動時に表示しない（CI 用） / Print no link that signs in to the console at the start, for CI
    #[arg(long, env = "ONSHI_NO_CONSOLE_LINK", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    no_console_link: Option<bool>,
    /// 判定のルールをどの日付の時点まで適用するか。それより後のものは適用しない / The date up to which rules of the verdict count; later ones are left out [default: that of the first rule set, 2026-11-25]
    #[arg(long, env = "ONSHI_STRICTNESS", value_name = "DATE", value_parser = strictness)]
    #[serde(deserialize_with = "read_strictness")]
    strictness: Option<Date>,
    /// 通知を署名付きで POST する先。https、またはこのマシン上の http / Where notices are posted, signed: https, or http on this machine [default: nowhere]
    #[arg(long, env = "ONSHI_WEBHOOK_URL", value_name = "URL", hide_env_values = true)]
    webhook_url: Option<String>,
    /// POST する通知の署名の鍵。whsec_BASE64 か、16文字以上の表示可能な文字 / What posted notices are signed with: whsec_BASE64, or 16 or more visible characters
    #[arg(long, env = "ONSHI_WEBHOOK_SECRET", value_name = "SECRET", hide_env_values = true)]
    webhook_secret: Option<String>,
    /// 通知を送るメールサーバー / Mail server for notices: smtp://host:25, smtp://user:password@host:587?tls=required or smtps://user:password@host [default: none]
    #[arg(long, env = "ONSHI_SMTP_URL", value_name = "URL", hide_env_values = true)]
    smtp_url: Option<String>,
    /// 通知メールの差出人 / The sender of mailed notices (default: onshi-mock@localhost)
    #[arg(long, env = "ONSHI_NOTICE_FROM", value_name = "ADDRESS")]
    notice_from: Option<String>,
    /// 通知メールの宛先。繰り返し可 / To whom notices are mailed; repeatable
    #[arg(long, env = "ONSHI_NOTICE_TO", value_name = "ADDRESS", value_delimiter = ',')]
    notice_to: Vec<String>,
    /// 要求ごとのスパンを OTLP で送る先 / Collector that gets a span of each request, over OTLP: http://host:4318/v1/traces [default: none]
    #[arg(long, env = "ONSHI_OTLP_URL", value_name = "URL", hide_env_values = true, value_parser = collector)]
    #[serde(deserialize_with = "read_collector")]
    otlp_url: Option<Url>,
    /// 同時に開ける接続の数（ポートごと） / Connections open at once, per listener [default: 512]
    #[arg(long, env = "ONSHI_MAX_CONNECTIONS", value_name = "N")]
    max_connections: Option<usize>,
    /// 1つのアドレスから同時に開ける接続の数（ポートごと） / Connections open at once from one address, per listener [default: 256]
    #[arg(long, env = "ONSHI_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    max_connections_per_address: Option<usize>,
    /// 同時に開けるイベントのストリームの数（コンソールの画面を含む） / Event streams open at once, those of console pages included [default: 256]
    #[arg(long, env = "ONSHI_MAX_STREAMS", value_name = "N")]
    max_streams: Option<usize>,
    /// 要求の本文の最大バイト数 / Largest request body in bytes [default: 1048576]
    #[arg(long, env = "ONSHI_MAX_BODY", value_name = "BYTES")]
    max_body: Option<usize>,
    /// SIGTERM か Ctrl-C の後、処理中の要求を待つ時間（ISO 8601） / How long open requests may take after SIGTERM or Ctrl-C, ISO 8601 [default: PT1S]
    #[arg(long, env = "ONSHI_GRACE", value_name = "DURATION", value_parser = period)]
    grace: Option<Period>,
    /// 標準エラー出力のログの形式：text か json / Logs on standard error: text or json [default: text]
    #[arg(long, env = "ONSHI_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// In the file only: the settings of `terminal`.
    #[arg(skip)]
    terminal: TerminalOptions,
}

/// The format of the logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[value(help = "人が読む形式 / for people")]
    #[default]
    Text,
    /// One JSON object a line.
    #[value(help = "1行に JSON オブジェクト1つ / one JSON object a line")]
    Json,
}

/// The settings, complete and validated.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the backend.
    pub backend_addr: SocketAddr,
    /// The address of the control API.
    pub control_addr: SocketAddr,
    /// Where the state is stored.
    pub store: Target,
    /// The limits of the institutions.
    pub bounds: Bounds,
    /// The directory of fixture files; `None` for the compiled-in ones.
    pub fixtures: Option<PathBuf>,
    /// The certificates' directory.
    pub certs: PathBuf,
    /// Additional names for the server's certificate.
    pub tls_san: Vec<String>,
    /// The file to which the CA's certificate is copied.
    pub ca_out: Option<PathBuf>,
    /// Whether clients are asked for certificates.
    pub client_auth: ClientAuthPolicy,
    /// The strictness of logins.
    pub login: LoginPolicy,
    /// The location of the linkage folders; `None` if there are none.
    pub linkage: Option<LinkageLocation>,
    /// The directory of real package files; `None` if all content is generated.
    pub package_dir: Option<PathBuf>,
    /// The control token; `None` if the file in the certificates' directory is used.
    pub control_token: Option<String>,
    /// Whether the start prints a link that signs in to the console.
    pub console_link: bool,
    /// The date up to which rules of the verdict apply.
    pub strictness: Date,
    /// The settings for push delivery.
    pub push: push::Settings,
    /// The collector of traces; `None` if no spans are created.
    pub otlp_url: Option<Url>,
    /// The limits of connections, per listener.
    pub limits: Limits,
    /// The maximum number of open event streams.
    pub max_streams: usize,
    /// The limits of a request's body.
    pub body: BodyLimits,
    /// The format of the logs.
    pub log_format: LogFormat,
}

impl Options {
    /// Refuses paths of the file with control characters: in a text with double quotes, `\t` of a
    /// Windows path such as `C:\test` is a tabulator.
    fn check_paths(&self) -> anyhow::Result<()> {
        let paths = [
            ("fixtures", &self.fixtures),
            ("certs", &self.certs),
            ("ca-out", &self.ca_out),
            ("linkage", &self.linkage),
            ("package-dir", &self.package_dir),
        ];
        let store = self.store.as_ref().and_then(|store| if let Target::Sqlite(path) = store { Some(("store", path)) } else { None });
        let given = paths.into_iter().filter_map(|(key, path)| Some((key, path.as_ref()?))).chain(store);
        for (key, path) in given {
            ensure!(
                !path.to_string_lossy().contains(char::is_control),
                "{key}: パスに制御文字が含まれています。\"C:\\test\" の \\t のように解釈されます。一重引用符で 'C:\\test' と書いてください\n\
                 {key}: the path contains control characters, as \\t in \"C:\\test\" is read; write it in single quotes: 'C:\\test'"
            );
        }
        Ok(())
    }

    /// Adds the defaults and validates the settings.
    ///
    /// # Errors
    /// A setting is out of range.
    pub fn complete(self) -> anyhow::Result<Config> {
        let limits = Limits::default();
        let max_body = self.max_body.unwrap_or(1024 * 1024);
        let config = Config {
            backend_addr: self.backend_addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8443))),
            control_addr: self.control_addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8444))),
            store: self.store.unwrap_or_default(),
            bounds: Bounds { institutions: self.max_institutions.unwrap_or(300_000), cache: self.cache_size.unwrap_or(128 * 1024 * 1024) },
            fixtures: self.fixtures,
            certs: self.certs.unwrap_or_else(|| PathBuf::from("certs")),
            tls_san: self.tls_san.into_iter().filter(|name| !name.is_empty()).collect(),
            ca_out: self.ca_out,
            client_auth: self.client_auth.unwrap_or(ClientAuthPolicy::Optional),
            login: self.login.unwrap_or(LoginPolicy::Lenient),
            linkage: linkage_location(self.linkage, self.linkage_terminal)?,
            package_dir: self.package_dir,
            control_token: self.control_token,
            console_link: !self.no_console_link.unwrap_or(false),
            strictness: self.strictness.unwrap_or(RULE_SET.date),
            push: push::Settings::new(push::PushOptions {
                webhook_url: self.webhook_url,
                webhook_secret: self.webhook_secret,
                smtp_url: self.smtp_url,
                from: self.notice_from,
                to: self.notice_to,
            })?,
            otlp_url: self.otlp_url,
            limits: Limits {
                max_connections: self.max_connections.unwrap_or(limits.max_connections),
                max_connections_per_address: self.max_connections_per_address.unwrap_or(limits.max_connections_per_address),
                // A body that is larger than the limit could never be read.
                max_body_bytes: limits.max_body_bytes.max(max_body.saturating_mul(4)),
                max_body_bytes_per_address: limits.max_body_bytes_per_address.max(max_body.saturating_mul(2)),
                grace: self.grace.map_or(Duration::from_secs(1), |grace| grace.duration().unsigned_abs()),
                ..limits
            },
            max_streams: self.max_streams.unwrap_or(256),
            body: BodyLimits { max: max_body, timeout: Duration::from_secs(30) },
            log_format: self.log_format.unwrap_or_default(),
        };
        config.check()?;
        Ok(config)
    }
}

impl CommandLine<Options> {
    /// Adds the settings of the file and the defaults. `file` is the value of `--config`;
    /// without it `onshi-mock.toml` is read if it exists.
    ///
    /// # Errors
    /// The file cannot be read or is invalid (the message names the line), or a setting is out
    /// of range.
    pub fn complete(&self, file: Option<&Path>) -> anyhow::Result<Config> {
        self.apply_to(from_file(file)?).complete()
    }

    /// Returns the address of the control listener, if the command line or the environment sets
    /// it.
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.options.control_addr
    }

    /// Returns the date of the rules, if the command line or the environment sets it.
    pub fn strictness(&self) -> Option<Date> {
        self.options.strictness
    }
}

impl Config {
    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.limits.max_connections > 0, "max-connections: 1 以上が必要です / has to be at least 1");
        ensure!(self.limits.max_connections_per_address > 0, "max-connections-per-address: 1 以上が必要です / has to be at least 1");
        // The limit of the semaphore that counts them.
        ensure!((1..=100_000).contains(&self.max_streams), "max-streams: 1 以上 100000 以下が必要です / has to be from 1 to 100000");
        ensure!(self.body.max >= 1024, "max-body: 1024 バイト以上が必要です / has to be at least 1024 bytes");
        if let Some(token) = &self.control_token
            && (token.len() < 16 || !token.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            bail!(
                "control-token: 16文字以上の表示可能な ASCII 文字（空白なし）が必要です / needs 16 or more visible ASCII characters without spaces"
            );
        }
        Ok(())
    }
}

fn from_file(named: Option<&Path>) -> anyhow::Result<Options> {
    let path = named.unwrap_or(Path::new(FILE));
    if named.is_none() && !path.exists() {
        return Ok(Options::default());
    }
    let bytes = std::fs::read(path)
        .with_context(|| format!("設定ファイル {0} を読めません / the configuration file {0} cannot be read", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        anyhow!(
            "設定ファイル {0} の{line}行目が UTF-8 ではありません。Shift_JIS（CP932）で保存されている場合は、UTF-8 で保存し直してください\n\
             line {line} of the configuration file {0} is not UTF-8; if it was saved as Shift_JIS (CP932), save it as UTF-8",
            path.display()
        )
    })?;
    let options: Options = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        let ja = in_japanese(error.message());
        anyhow!("設定ファイル {0} の{line}行目が正しくありません：{ja}\nthe configuration file {0} is wrong: {error}", path.display())
    })?;
    options.check_paths().with_context(|| format!("設定ファイル {0} / in the configuration file {0}", path.display()))?;
    Ok(options)
}

fn linkage_location(dir: Option<PathBuf>, only: Option<TerminalAddress>) -> anyhow::Result<Option<LinkageLocation>> {
    ensure!(dir.is_some() || only.is_none(), "linkage-terminal: --linkage DIR も必要です / needs --linkage DIR, too");
    Ok(dir.map(|dir| LinkageLocation { dir, only }))
}
