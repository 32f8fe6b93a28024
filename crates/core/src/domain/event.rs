//! The event log of an institution: numbered changes of state. Requests are no events.

mod words;

use std::collections::VecDeque;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::campaign::Component;
use super::card::CardOutcome;
use super::ids::{BootId, TerminalId, Version};
use super::japan;
use super::named::named;

/// The maximum number of events stored. Older ones are evicted and counted.
pub const MAX_EVENTS: usize = 1000;

/// A state change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The number within the institution: 1, 2, 3 …
    pub number: u64,
    /// The time by the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// The terminal.
    pub terminal: TerminalId,
    /// What happened.
    #[serde(flatten)]
    pub change: Change,
}

/// A state change of a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Change {
    /// The terminal was switched off, by an orderly shutdown (hibernation with fast startup) or by
    /// pulling the plug.
    SwitchedOff {
        /// How the terminal was switched off.
        how: SwitchOff,
        /// Whether the session is saved, so that switching on is not a boot.
        hibernated: bool,
    },
    /// The terminal was switched on with its saved session; this is not a boot.
    Resumed,
    /// The terminal booted. From now on, the installed versions run.
    Booted {
        /// The new boot's id.
        boot: BootId,
        /// The components whose running version changed.
        applied: Vec<Component>,
    },
    /// Only the linkage application was restarted; this is not a boot.
    LinkageRestarted,
    /// The reader was switched on or off.
    ReaderSwitched {
        /// Whether the reader is on now.
        on: bool,
    },
    /// The download of a package started or resumed.
    DownloadStarted {
        /// The component.
        component: Component,
        /// The new version.
        version: Version,
        /// The number of bytes that had already been received.
        from: u64,
    },
    /// A download stopped before it was complete.
    DownloadStopped {
        /// The component.
        component: Component,
        /// The number of bytes that are kept.
        received: u64,
        /// The reason.
        why: Stop,
    },
    /// The download of a package is complete.
    Downloaded {
        /// The component.
        component: Component,
        /// The version.
        version: Version,
    },
    /// A component was installed. If it requires a restart, it does not run yet.
    Installed {
        /// The component.
        component: Component,
        /// The version.
        version: Version,
        /// Whether the version runs only after a restart.
        restart_required: bool,
    },
    /// A card was presented at the reader.
    CardPresented {
        /// The fixture person who owns the card.
        person: String,
        /// The result.
        outcome: CardOutcome,
    },
    /// An external terminal reported a failure.
    Failed {
        /// The component.
        component: Component,
        /// The version.
        version: Version,
        /// The message from the terminal.
        message: String,
    },
}

named! {
    /// The names of the changes of a terminal.
    #[expect(missing_docs, reason = "each is the change of the same name")]
    pub enum ChangeName {
        SwitchedOff = "switched_off",
        Resumed = "resumed",
        Booted = "booted",
        LinkageRestarted = "linkage_restarted",
        ReaderSwitched = "reader_switched",
        DownloadStarted = "download_started",
        DownloadStopped = "download_stopped",
        Downloaded = "downloaded",
        Installed = "installed",
        CardPresented = "card_presented",
        Failed = "failed",
    }
}

impl Change {
    /// Returns the name.
    pub fn name(&self) -> ChangeName {
        match self {
            Self::SwitchedOff { .. } => ChangeName::SwitchedOff,
            Self::Resumed => ChangeName::Resumed,
            Self::Booted { .. } => ChangeName::Booted,
            Self::LinkageRestarted => ChangeName::LinkageRestarted,
            Self::ReaderSwitched { .. } => ChangeName::ReaderSwitched,
            Self::DownloadStarted { .. } => ChangeName::DownloadStarted,
            Self::DownloadStopped { .. } => ChangeName::DownloadStopped,
            Self::Downloaded { .. } => ChangeName::Downloaded,
            Self::Installed { .. } => ChangeName::Installed,
            Self::CardPresented { .. } => ChangeName::CardPresented,
            Self::Failed { .. } => ChangeName::Failed,
        }
    }
}

/// How the terminal was switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchOff {
    /// An orderly shutdown.
    Shutdown,
    /// The plug was pulled.
    Plug,
}

/// The reason why a download stopped before it was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The window closed.
    WindowClosed,
    /// The campaign no longer offers the package, is suspended, or its server is down.
    Withdrawn,
    /// The terminal was switched off or restarted.
    Interrupted,
    /// The reader was switched off.
    ReaderOff,
    /// The line was lost.
    LineDown,
}

/// The last events of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLog {
    last: u64,
    kept: VecDeque<Event>,
}

impl EventLog {
    /// Appends an event with the next number.
    pub fn record(&mut self, at: Timestamp, terminal: &TerminalId, change: Change) {
        self.last += 1;
        if self.kept.len() == MAX_EVENTS {
            self.kept.pop_front();
        }
        self.kept.push_back(Event { number: self.last, at, terminal: terminal.clone(), change });
    }

    /// Returns the number of the last event; 0 if there was none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Returns how many events were evicted.
    pub fn evicted(&self) -> u64 {
        self.last - self.kept.len() as u64
    }

    /// Whether its last number counts at least the events that it has. A deserialized log may be
    /// wrong.
    pub fn is_consistent(&self) -> bool {
        self.last >= self.kept.len() as u64
    }

    /// Iterates over the stored events, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_written_under_its_name() {
        let (component, version) = (Component::LinkageApplication, Version::parse("5.3.0").unwrap());
        let stopped = Change::DownloadStopped { component, received: 1, why: Stop::Withdrawn };
        let installed = Change::Installed { component, version: version.clone(), restart_required: true };
        let changes = [
            Change::SwitchedOff { how: SwitchOff::Plug, hibernated: false },
            Change::Resumed,
            Change::Booted { boot: BootId::numbered(2), applied: vec![component] },
            Change::LinkageRestarted,
            Change::ReaderSwitched { on: true },
            Change::DownloadStarted { component, version: version.clone(), from: 0 },
            stopped,
            Change::Downloaded { component, version: version.clone() },
            installed,
            Change::CardPresented { person: "valid".to_owned(), outcome: CardOutcome::Nothing },
            Change::Failed { component, version, message: String::new() },
        ];
        assert_eq!(changes.each_ref().map(Change::name), ChangeName::ALL);
        for change in changes {
            assert_eq!(json!(change)["event"], json!(change.name()));
        }
    }
}
