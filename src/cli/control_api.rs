//! The control API of a running server, for commands: finds the server, its CA and its token.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::{Certificate, Client, Method};
use serde_json::Value;

use super::health::{addresses, connect, join_addresses};
use crate::config::{CommandLine, Config, Options};
use crate::terminal::install_provider;

/// The request timeout; long, since the server may take long to judge a long journal.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The control API of a server that accepts connections.
pub(super) struct ControlApi {
    client: Client,
    addr: SocketAddr,
    token: String,
}

impl ControlApi {
    /// Finds the server by the settings of `serve`.
    ///
    /// # Errors
    /// The CA's certificate or the token cannot be read, or no server accepts a connection.
    pub(super) async fn connect(options: &CommandLine<Options>, config: &Config) -> anyhow::Result<Self> {
        install_provider();
        let ca = config.certs.join("ca.pem");
        let pem = std::fs::read(&ca).with_context(|| format!("{0} を読めません / {0} cannot be read", ca.display()))?;
        let token = token(config)?;
        let client = Client::builder().tls_certs_only([Certificate::from_pem(&pem)?]).no_proxy().timeout(REQUEST_TIMEOUT).build()?;
        let addresses = addresses(options.control_addr(), config);
        let connected = tokio::time::timeout(REQUEST_TIMEOUT, connect(&addresses)).await;
        let connected = connected.with_context(|| format!("{0} が応答しません / {0} does not answer", join_addresses(&addresses)))??;
        Ok(Self { client, addr: connected.peer_addr()?, token })
    }

    /// Returns the address of the server.
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Sends a request without a body, and returns the body of the response.
    ///
    /// # Errors
    /// The server does not answer, or refuses.
    pub(super) async fn call(&self, method: Method, path: &str) -> anyhow::Result<String> {
        let url = format!("https://{}{path}", self.addr);
        let request = self.client.request(method, &url).bearer_auth(&self.token).header("accept", "application/json");
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{url}: {status}\n{}", error_message(&body));
        Ok(body)
    }
}

fn token(config: &Config) -> anyhow::Result<String> {
    if let Some(token) = &config.control_token {
        return Ok(token.clone());
    }
    let path = config.certs.join("control-token");
    let token = std::fs::read_to_string(&path).with_context(|| {
        format!("管理トークンのファイル {0} を読めません（トークンは --control-token でも指定できます） / the control token's file {0} cannot be read (or give the token with --control-token)", path.display())
    })?;
    Ok(token.trim().to_owned())
}

/// Formats the body of a refusal.
fn error_message(body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    if problem["detail"].is_string() { format_problem(&problem) } else { body.chars().take(500).collect() }
}

/// Formats a problem document, with its JSON pointer if it has one.
fn format_problem(problem: &Value) -> String {
    let field = |name: &str| problem[name].as_str().unwrap_or_default();
    let place = if field("pointer").is_empty() { String::new() } else { format!("{}: ", field("pointer")) };
    format!("{place}{}\n{place}{}", field("detail"), field("detail_en"))
}
