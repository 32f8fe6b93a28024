//! Power: which ways of switching on are a boot. The simulated terminal follows the same rules.

use serde::{Deserialize, Serialize};

/// Whether a terminal is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Power {
    /// On.
    On,
    /// Off.
    Off {
        /// Whether it was shut down under fast startup: switching on then resumes the session and
        /// is no boot.
        hibernated: bool,
        /// Whether the plug is pulled: the power schedule then does not switch it on.
        unplugged: bool,
    },
}

impl Power {
    /// Returns the state after a shutdown. Fast startup saves the session.
    pub fn after_shutdown(fast_startup: bool) -> Self {
        Self::Off { hibernated: fast_startup, unplugged: false }
    }

    /// Switches on. Returns whether that is a boot: a saved session is resumed.
    pub fn switch_on(&mut self) -> bool {
        let resumes = matches!(self, Self::Off { hibernated: true, .. });
        *self = Self::On;
        !resumes
    }
}
