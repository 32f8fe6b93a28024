//! The commands that people give to a terminal.

use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::life::Wake;
use super::request_error::RequestError;
use super::{Terminal, locked, new_boot_id};
use crate::domain::terminal::Power;
use crate::domain::text::Text;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// Restart (再起動): a boot.
    Restart,
    /// Shut down; with fast startup the terminal hibernates.
    Shutdown,
    /// Switch on; not a boot if the terminal was hibernated.
    PowerOn,
    /// Restart only the linkage application: not a boot.
    RestartLinkage,
    /// Poll and download now (N8).
    Download,
    /// Switch the card reader.
    ReaderPower {
        /// On or off.
        on: bool,
    },
}

impl Terminal {
    /// Runs a command. Work in progress is interrupted and resumed.
    ///
    /// # Errors
    /// The current state does not allow the command, or the state cannot be saved.
    pub fn command(&self, command: Command) -> Result<(), Text> {
        let on = self.state().power == Power::On;
        let done = match command {
            Command::PowerOn if on => return Err(Text::new("端末の電源はすでに入っています。", "The terminal is on already.")),
            Command::PowerOn => self.power_on(),
            Command::ReaderPower { on } => self.update_state(|state| state.reader_powered = on),
            _ if !on => {
                return Err(Text::new(
                    "端末の電源が切れています。power-on で入れてください。",
                    "The terminal is off: switch it on with power-on.",
                ));
            }
            Command::Restart => self.update_and_wake(|state| state.boot(new_boot_id()), Wake::Rhythm),
            Command::Shutdown => self.update_and_wake(|state| state.shut_down(self.settings.fast_startup), Wake::Rhythm),
            Command::Download => self.update_and_wake(|_| (), Wake::Manual),
            Command::RestartLinkage => {
                // The next sweep of the folder restarts it.
                self.restarting.store(true, Ordering::Relaxed);
                locked(&self.activity).linkage_restarts += 1;
                Ok(())
            }
        };
        done.map_err(|error: RequestError| error.why().clone())?;
        tracing::info!(?command, "実行しました / done");
        Ok(())
    }

    fn power_on(&self) -> Result<(), RequestError> {
        self.update_and_wake(
            |state| {
                if !state.power_on(new_boot_id()) {
                    tracing::info!("高速スタートアップのため、起動ではありません / no boot, because of fast startup");
                }
            },
            Wake::Rhythm,
        )
    }

    fn update_and_wake(&self, change: impl FnOnce(&mut super::state::State), wake: Wake) -> Result<(), RequestError> {
        self.update_state(change)?;
        *locked(&self.wake) = wake;
        self.session.send_modify(|session| *session += 1);
        Ok(())
    }
}
