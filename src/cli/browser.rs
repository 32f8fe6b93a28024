//! Opens a URL in the user's browser.

use std::io;
use std::process::{Child, Command, Stdio};
use std::thread;

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
