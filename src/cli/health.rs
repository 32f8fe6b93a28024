//! `onshi-mock health`: requests `/readyz` of the control listener, for a HEALTHCHECK in an
//! image without a shell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::serve::CONTROL_ADDR;
use crate::config::{CommandLine, Config, Options};

/// Options of `health`: those of `serve` that say where it listens and where its CA is.
#[derive(clap::Args)]
pub struct HealthArgs {
    #[command(flatten)]
    options: CommandLine<Options>,
    /// 設定ファイル / Configuration file [default: onshi-mock.toml, where it exists]
    #[arg(long, env = "ONSHI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Sends one request.
///
/// # Errors
/// The server refuses the connection, does not answer within two seconds, or is not ready.
pub async fn run(args: HealthArgs) -> anyhow::Result<()> {
    let given = args.options.control_addr();
    let config = args.options.complete(args.config.as_deref())?;
    let addresses = addresses(given, &config);
    let asked = async { ask(connect(&addresses).await?, &config.certs.join("ca.pem")).await };
    let status = tokio::time::timeout(Duration::from_secs(2), asked)
        .await
        .with_context(|| format!("{0} が応答しません / {0} does not answer", join_addresses(&addresses)))??;
    ensure!(status.starts_with("HTTP/1.1 200"), "準備ができていません / not ready: {status}");
    Ok(())
}

/// Returns the possible addresses of the control listener.
///
/// An address from an option or a variable is the only one if a client can connect to it.
/// Otherwise (none was given, or one like 0.0.0.0 or port 0), the configured address comes
/// first, and the address that the server wrote to its file second: the server's own command
/// line may differ from the settings that both read.
pub(super) fn addresses(given: Option<SocketAddr>, config: &Config) -> Vec<SocketAddr> {
    if let Some(addr) = given.filter(|addr| addr.port() != 0 && !addr.ip().is_unspecified()) {
        return vec![addr];
    }
    let noted = std::fs::read_to_string(config.certs.join(CONTROL_ADDR)).ok().and_then(|text| text.trim().parse().ok());
    let addresses = [Some(config.control_addr), noted.filter(|addr| *addr != config.control_addr)].into_iter().flatten();
    addresses.map(reachable).collect()
}

/// Connects to the first of these addresses that accepts a connection.
pub(super) async fn connect(addresses: &[SocketAddr]) -> anyhow::Result<TcpStream> {
    for addr in addresses {
        if let Ok(stream) = TcpStream::connect(addr).await {
            return Ok(stream);
        }
    }
    bail!("{0} に接続できません / cannot connect to {0}", join_addresses(addresses))
}

pub(super) fn join_addresses(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", ")
}

/// Replaces an unspecified address by loopback.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

/// Returns the status line of `/readyz`.
async fn ask(stream: TcpStream, ca: &std::path::Path) -> anyhow::Result<String> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(ca).with_context(|| format!("{0} を読めません / {0} cannot be read", ca.display()))?;
    roots.add(ca)?;
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let addr = stream.peer_addr()?;
    let mut stream = TlsConnector::from(Arc::new(tls)).connect(ServerName::from(addr.ip()), stream).await?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}
