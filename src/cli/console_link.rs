//! `onshi-mock console-link`: makes a link that signs in to the console of the running server.

use std::path::PathBuf;

use anyhow::Context;
use axum::http::uri::Authority;
use reqwest::Method;
use serde_json::Value;

use super::browser::browser_address;
use super::control_api::ControlApi;
use crate::config::{CommandLine, Options};

/// Options of `console-link`: those of `serve` say where it listens, and where its CA and its token
/// are.
#[derive(clap::Args)]
pub struct ConsoleLinkArgs {
    /// リンクに書くホスト名かアドレス。ポートも書ける（例：mock.example、localhost:9444） / The link's host name or address, with another port where that differs: mock.example, localhost:9444 [default: localhost, or the server's address]
    #[arg(long, value_name = "NAME", value_parser = host)]
    host: Option<Authority>,
    #[command(flatten)]
    options: CommandLine<Options>,
    /// 設定ファイル / Configuration file [default: onshi-mock.toml, where it exists]
    #[arg(long, env = "ONSHI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints the link on standard output.
///
/// # Errors
/// The server, its CA or its token is not found, or the server refuses.
pub async fn run(args: ConsoleLinkArgs) -> anyhow::Result<()> {
    let config = args.options.complete(args.config.as_deref())?;
    let server = ControlApi::connect(&args.options, &config).await?;
    let made: Value = serde_json::from_str(&server.call(Method::POST, "/v1/console-links").await?)?;
    let path = made["path"].as_str().context("応答にリンクがありません / the answer has no link")?;
    let host = match &args.host {
        None => browser_address(server.addr()),
        Some(host) if host.port().is_some() => host.to_string(),
        Some(host) => format!("{host}:{}", server.addr().port()),
    };
    errln!("このリンクは10分間、1回だけ使えます / This link works once, within ten minutes:");
    outln!("https://{host}{path}");
    Ok(())
}

fn host(text: &str) -> Result<Authority, String> {
    let host = text.parse::<Authority>().ok().filter(|host| !host.host().is_empty() && !text.contains('@'));
    host.ok_or_else(|| {
        "ホスト名かアドレスだけを指定してください / give a host name or an address, such as mock.example or [::1]".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_no_url() {
        for text in ["mock.example", "localhost:9444", "192.168.0.5", "[::1]", "[::1]:9444"] {
            assert_eq!(host(text).unwrap().as_str(), text);
        }
        for text in ["", "https://mock.example", "mock.example/console", "me@mock.example", "a b"] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
