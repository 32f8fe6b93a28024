//! What goes wrong between a terminal and the backend, sorted by what helps.

use std::time::Duration;

use crate::domain::text::Text;

/// When to ask again, as the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// After so long on the terminal.
    In(Duration),
    /// After so long, however fast the terminal lives.
    ByTheWall(Duration),
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Waiting does not help: the terminal ends.
    Fatal(Text),
    /// It may work later; the server may say when.
    Later {
        /// What happened.
        why: Text,
        /// `Retry-After`.
        after: Option<Again>,
    },
    /// The server read it and said no.
    Refused(Text),
    /// A package that is not what was announced.
    Bad(Text),
}

impl Fault {
    /// It may work later, nobody says when.
    pub(super) fn later(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Later { why: Text::new(ja, en), after: None }
    }

    /// What happened.
    pub(super) fn why(&self) -> &Text {
        match self {
            Self::Fatal(why) | Self::Refused(why) | Self::Bad(why) | Self::Later { why, .. } => why,
        }
    }
}

/// Both languages in one line.
pub(super) fn line(text: &Text) -> String {
    format!("{} / {}", text.ja, text.en)
}
