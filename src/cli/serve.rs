//! `onshi-mock serve`: runs the server.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use jiff::Timestamp;
use tokio::signal;

use super::browser::{browser_address, open_in_browser};
use super::certs::warn_of_constraints;
use super::logging::start_logging;
use super::trust::trust_command;
use crate::config::{CommandLine, Config, LogFormat, Options};
use crate::domain::ids::InstitutionCode;
use crate::domain::japan;
use crate::fixtures::Origin;
use crate::institutions::FixtureDifferences;
use crate::server::Server;
use crate::store::Target;

/// The file in the certificates' directory with the control API's address of the server that
/// started last.
pub(super) const CONTROL_ADDR: &str = "control-addr";

/// Options of `serve`.
#[derive(clap::Args)]
#[command(
    after_help = "各オプションは環境変数か onshi-mock.toml のキー（先頭の -- を除いた同じ名前）でも設定できます。優先順：コマンドライン、環境変数、ファイル。\n\
Each option can also be an environment variable or a key of onshi-mock.toml (its name without --); the command line wins, then the environment."
)]
pub struct ServeArgs {
    #[command(flatten)]
    options: CommandLine<Options>,
    /// 設定ファイル / Configuration file [default: onshi-mock.toml, where it exists]
    #[arg(long, env = "ONSHI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// 起動したら、ブラウザーでコンソールを開く / Open the console in the browser after the start
    #[arg(long)]
    open: bool,
}

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// The server cannot start.
pub async fn run(args: ServeArgs, wall: fn() -> Timestamp) -> anyhow::Result<()> {
    let config = args.options.complete(args.config.as_deref())?;
    start_logging(config.log_format, wall);
    let server = Server::bind(&config, wall).await?;
    let occupied = server.occupied_folders().await;
    // Signals are handled before the ready line is printed, since a reader of that line may end
    // the program at once.
    let stop = stop_signal()?;
    note_address(&config, server.control_addr()?);
    print_banner(&config, &server, &occupied)?;
    if config.console_link || args.open {
        lead_to_console(&config, &server, args.open).await?;
    }
    server.run(stop).await;
    Ok(())
}

/// Writes the control API's address to the certificates' directory, for `health` and for
/// scripts that use port 0.
fn note_address(config: &Config, control: SocketAddr) {
    let path = config.certs.join(CONTROL_ADDR);
    if let Err(error) = std::fs::write(&path, format!("{control}\n")) {
        tracing::warn!("{0} に書けません / {0} cannot be written: {error}", path.display());
    }
}

/// Prints the addresses and files on standard error, and on standard output the one line that
/// scripts wait for.
fn print_banner(config: &Config, server: &Server, occupied: &[PathBuf]) -> anyhow::Result<()> {
    for warning in &server.findings().warnings {
        errln!("警告 warning: {warning}");
    }
    let (backend, control) = (server.backend_addr()?, server.control_addr()?);
    let ca = config.certs.join("ca.pem");
    let ca = ca.display();
    if server.made().ca {
        errln!("テスト用CAを作成しました。クライアントに {ca} を信頼させてください。");
        errln!("Made a CA for tests: let your clients trust {ca}.");
        if !cfg!(unix) {
            let certs = config.certs.display();
            errln!(
                "{certs} の秘密鍵とトークンを読めるのは、このフォルダーを読めるユーザー全員です。共用のマシンでは、フォルダーのアクセス権を設定してください。"
            );
            errln!(
                "Everybody who may read the folder {certs} may read its private keys and token: on a shared machine, set the folder's permissions."
            );
        }
    }
    warn_of_constraints(&server.app().authority, &config.certs);
    if !backend.ip().is_loopback() || !control.ip().is_loopback() {
        errln!("注意：ループバック以外でも待ち受けます。テスト用のネットワークだけで使ってください。");
        errln!("      ほかのマシンからは実際のアドレスか名前で接続し、証明書に含まれない名前は --tls-san で追加してください。");
        errln!("Note: it listens beyond loopback; use it in test networks only.");
        errln!("      Other machines connect by its real address or name; add names that the certificate lacks with --tls-san.");
    }
    let token = match &config.control_token {
        Some(_) => "(--control-token)".to_owned(),
        None => format!("{}  (このファイルの内容 / the content of this file)", config.certs.join("control-token").display()),
    };
    let fixtures = match &server.app().fixtures().origin {
        Origin::Put { at, .. } => format!("(PUT /v1/fixtures, {})", japan::rfc3339(*at)),
        Origin::CompiledIn | Origin::Directory => {
            config.fixtures.as_ref().map_or_else(|| "(compiled in)".to_owned(), |dir| dir.display().to_string())
        }
    };
    errln!("onshi-mock {}", env!("CARGO_PKG_VERSION"));
    errln!("  資格確認 backend   https://{backend}");
    errln!("  管理API  control   https://{control}");
    errln!("  CA証明書 CA        {ca}  (GET https://{control}/ca.pem)");
    errln!("  トークン token     {token}");
    errln!("  データ   fixtures  {fixtures}");
    if let Some(linkage) = &config.linkage {
        let separator = std::path::MAIN_SEPARATOR;
        let of = linkage.only.as_ref().map_or_else(|| format!("<医療機関コード>-<端末>{separator}"), |only| format!("({only}) "));
        errln!("  連携     linkage   {}: {of}req, res, face", linkage.dir.display());
    }
    if !occupied.is_empty() {
        let folders = occupied.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ");
        errln!("           別のプロセスが処理しているため、その終了までこのサーバーでは処理しないフォルダー /");
        errln!("           served by another process, and left alone until that ends: {folders}");
    }
    print_state(config, server);
    outln!("onshi-mock ready backend=https://{backend} control=https://{control}");
    print_names(server, backend, control);
    Ok(())
}

/// Prints the link that signs in to the console, and what a browser says of the certificate. Opens
/// the link if `open` is set.
async fn lead_to_console(config: &Config, server: &Server, open: bool) -> anyhow::Result<()> {
    let code = server.app().new_sign_in_code().await?.code;
    let link = format!("https://{}/signin#{code}", browser_address(server.control_addr()?));
    match config.log_format {
        _ if !config.console_link => {}
        LogFormat::Json => tracing::info!(console_link = %link, "コンソールにサインインするリンク / the link that signs in to the console"),
        LogFormat::Text => {
            let command = trust_command(&config.certs);
            errln!(
                "コンソールを使うには、ブラウザーで次のリンクを開きます（10分間、1回限り）。「この接続ではプライバシーが保護されません」などの警告が出たら、`{command}` で CA を信頼させるか、「詳細設定」から進んでください。"
            );
            errln!(
                "The console: open this link in a browser (once, within ten minutes). Where it warns \"Your connection is not private\", trust the CA with `{command}`, or go on by \"Advanced\"."
            );
            errln!("{link}");
        }
    }
    if open {
        open_in_browser(&link);
    }
    Ok(())
}

/// Prints, for a listener on all addresses, those by which clients can connect and verify the
/// certificate.
fn print_names(server: &Server, backend: SocketAddr, control: SocketAddr) {
    for (title, listener) in [("資格確認 backend", backend), ("管理API  control", control)] {
        if !listener.ip().is_unspecified() {
            continue;
        }
        let names = server.app().authority.server().names.iter().filter_map(|name| match name.parse::<IpAddr>() {
            Ok(ip) => (ip.is_ipv4() || listener.is_ipv6()).then(|| format!("https://{}", SocketAddr::new(ip, listener.port()))),
            Err(_) => Some(format!("https://{name}:{}", listener.port())),
        });
        let names = names.collect::<Vec<_>>().join("  ");
        errln!("  {title}   証明書に含まれる接続先 / addresses in the certificate: {names}");
    }
}

/// Prints where the state is stored, and which institutions differ from the fixtures.
fn print_state(config: &Config, server: &Server) {
    let lost = if config.store == Target::Memory { "  (終了すると失われます / lost at the end)" } else { "" };
    errln!("  状態     state     {}{lost}", config.store);
    let listed = |codes: &[InstitutionCode]| codes.iter().map(InstitutionCode::as_str).collect::<Vec<_>>().join(", ");
    let FixtureDifferences { changed, deleted } = server.fixture_differences();
    if !changed.is_empty() {
        errln!("  変更済み changed   {}", listed(changed));
        errln!("                     戻す方法 / to restore: POST /v1/institutions/<コード code>/reset");
    }
    if !deleted.is_empty() {
        errln!("  削除済み deleted   {}", listed(deleted));
        errln!(
            "                     戻す方法 / to restore: POST /v1/institutions {{\"template\": \"<コード code>\", \"code\": \"<コード code>\"}}"
        );
    }
}

#[cfg(unix)]
pub(super) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("終了します / stopping");
    })
}

#[cfg(not(unix))]
pub(super) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use signal::windows::{ctrl_break, ctrl_c, ctrl_close};
    let (mut interrupt, mut break_signal, mut window_closed) = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = break_signal.recv() => {}
            _ = window_closed.recv() => {}
        }
        tracing::info!("終了します / stopping");
    })
}
