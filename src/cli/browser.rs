//! The user's browser: how it reaches a listener, and opening a URL in it.

use std::io;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;

/// Returns host and port by which a browser on this machine opens a listener: `localhost` where
/// that leads to it.
pub(super) fn browser_address(listener: SocketAddr) -> String {
    let ip = listener.ip();
    if ip.is_loopback() || ip.is_unspecified() { format!("localhost:{}", listener.port()) } else { listener.to_string() }
}

/// Opens a URL. Logs a warning if that fails.
pub(super) fn open_in_browser(url: &str) {
    match start(url) {
        Err(error) => warn(&error.to_string()),
        // The opener may be the browser itself, which ends when its user wants: a thread waits for
        // it, and ends with this process.
        Ok(mut opener) => drop(thread::spawn(move || match opener.wait() {
            Ok(status) if status.success() => {}
            Ok(status) => warn(&status.to_string()),
            Err(error) => warn(&error.to_string()),
        })),
    }
}

/// Starts the system's program that opens URLs.
fn start(url: &str) -> io::Result<Child> {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "windows" => ("rundll32.exe", &["url.dll,FileProtocolHandler"]),
        "macos" => ("open", &[]),
        _ => ("xdg-open", &[]),
    };
    Command::new(program).args(arguments).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

fn warn(error: &str) {
    tracing::warn!(
        error,
        "ブラウザーを開けませんでした。リンクを自分で開いてください / the browser could not be opened: open the link yourself"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_has_localhost_where_that_leads_to_the_server() {
        for (listener, expected) in [
            ("127.0.0.1:8444", "localhost:8444"),
            ("[::1]:8444", "localhost:8444"),
            ("0.0.0.0:9", "localhost:9"),
            ("[::]:9", "localhost:9"),
            ("192.168.0.5:8444", "192.168.0.5:8444"),
            ("[fd00::5]:8444", "[fd00::5]:8444"),
        ] {
            assert_eq!(browser_address(listener.parse().unwrap()), expected);
        }
    }
}
