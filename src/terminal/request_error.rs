//! The failures between a terminal and the backend, classified by what to do about them.

use std::time::Duration;

use crate::domain::text::Text;

/// When to retry, as requested by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryDelay {
    /// After this long in the terminal's time.
    In(Duration),
    /// After this long in real time, whatever the terminal's speed.
    ByTheWall(Duration),
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestError {
    /// A retry does not help: the terminal ends.
    Fatal(Text),
    /// A retry may succeed.
    Later {
        /// What happened.
        why: Text,
        /// The server's `Retry-After`.
        after: Option<RetryDelay>,
    },
    /// The server refused the request.
    Refused(Text),
    /// The package does not match the announcement.
    Bad(Text),
}

impl RequestError {
    /// Creates a fault for a later retry, without a time from the server.
    pub(super) fn retry_later(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Later { why: Text::new(ja, en), after: None }
    }

    /// Returns what happened.
    pub(super) fn why(&self) -> &Text {
        match self {
            Self::Fatal(why) | Self::Refused(why) | Self::Bad(why) | Self::Later { why, .. } => why,
        }
    }
}

/// Formats both languages in one line.
pub(super) fn line(text: &Text) -> String {
    format!("{} / {}", text.ja, text.en)
}
