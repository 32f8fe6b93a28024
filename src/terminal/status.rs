//! The status that a terminal shows.

use serde::{Deserialize, Serialize};

use super::{Terminal, locked};
use crate::domain::campaign::Component;
use crate::domain::ids::Version;
use crate::domain::japan;
use crate::domain::terminal::Power;
use crate::domain::text::Text;

/// What the terminal is doing; not saved.
#[derive(Debug, Default)]
pub(super) struct Activity {
    pub(super) transfer: Option<TransferProgress>,
    /// Whether the last poll offered something that is not installed.
    pub(super) offered: bool,
    /// The last failure, until the next success.
    pub(super) trouble: Option<Text>,
    /// How often the linkage application was restarted.
    pub(super) linkage_restarts: u64,
}

/// A download or an installation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TransferProgress {
    /// The component.
    pub component: Component,
    /// Its new version.
    pub version: Version,
    /// The number of bytes received.
    pub received: u64,
    /// The size of the package in bytes.
    pub size: u64,
    /// Whether the download is complete and is being installed.
    pub installing: bool,
}

/// A component's versions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ComponentStatus {
    /// The component.
    pub component: Component,
    /// The installed version.
    pub installed: Version,
    /// The running version.
    pub running: Version,
}

/// The status of a terminal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The terminal, as `<institution code>-<terminal>`.
    pub id: String,
    /// The backend's root URL.
    pub server: String,
    /// `off`, `pending`, `downloading`, `installing`, `update_available` or `up_to_date`.
    pub phase: String,
    /// Whether a restart is pending, so that checks are refused.
    pub pending: bool,
    /// The id of the current boot.
    pub boot_id: String,
    /// The number of boots.
    pub boots: u64,
    /// Whether the card reader is on.
    pub reader_powered: bool,
    /// How often the linkage application was restarted since the process started.
    pub linkage_restarts: u64,
    /// Each component's versions.
    pub components: Vec<ComponentStatus>,
    /// The download or installation in progress.
    pub progress: Option<TransferProgress>,
    /// When the server last answered a poll, in Japan's time.
    pub last_poll: Option<String>,
    /// The number of reports that the server has not accepted yet.
    pub outstanding_reports: usize,
    /// The last failure, until the next success.
    pub trouble: Option<Text>,
}

impl Terminal {
    /// Returns the current status.
    pub fn status(&self) -> Status {
        let state = self.state();
        let activity = locked(&self.activity);
        let pending = state.is_pending();
        let phase = match &activity.transfer {
            _ if state.power != Power::On => "off",
            Some(transfer) if transfer.installing => "installing",
            Some(_) => "downloading",
            None if pending => "pending",
            None if activity.offered => "update_available",
            None => "up_to_date",
        };
        let components = state.software.iter().map(|(component, versions)| ComponentStatus {
            component: *component,
            installed: versions.installed.clone(),
            running: versions.running.clone(),
        });
        Status {
            id: state.terminal.clone(),
            server: self.settings.connecting.server.to_string(),
            phase: phase.to_owned(),
            pending,
            boot_id: state.boot_id.to_string(),
            boots: state.boots,
            reader_powered: state.reader_powered,
            linkage_restarts: activity.linkage_restarts,
            components: components.collect(),
            progress: activity.transfer.clone(),
            last_poll: state.last_poll.map(japan::to_the_second),
            outstanding_reports: state.reports.len(),
            trouble: activity.trouble.clone(),
        }
    }
}

impl Status {
    /// Formats the status for people, in lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("端末 terminal      {}  ({})", self.id, self.server),
            format!("状態 phase         {}", self.phase),
            format!(
                "再起動待ち pending {}",
                if self.pending { "はい yes: 端末の再起動が必要です / restart the terminal" } else { "いいえ no" }
            ),
            format!("起動ID boot id     {} ({})", self.boot_id, self.boots),
            format!("リーダー reader    {}", if self.reader_powered { "on" } else { "off" }),
            format!("最終問い合わせ last poll {}", self.last_poll.as_deref().unwrap_or("-")),
        ];
        for ComponentStatus { component, installed, running } in &self.components {
            lines.push(format!("  {}  installed {installed}  running {running}", component.title().ja));
        }
        if let Some(TransferProgress { component, version, received, size, .. }) = &self.progress {
            lines.push(format!("進行中 progress    {} {version}: {received}/{size}", component.title().ja));
        }
        if self.outstanding_reports > 0 {
            lines.push(format!("未送信の報告 outstanding reports {}", self.outstanding_reports));
        }
        if let Some(trouble) = &self.trouble {
            lines.push(format!("問題 trouble       {} / {}", trouble.ja, trouble.en));
        }
        lines
    }
}
