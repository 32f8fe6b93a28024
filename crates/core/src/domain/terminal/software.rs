//! The versions of a component: which is installed and which runs. The simulated terminal follows
//! the same rules.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Boot, Starts};
use crate::domain::campaign::Package;
use crate::domain::ids::{BootId, Version};

/// The versions of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// The version on disk.
    pub installed: Version,
    /// The version in memory.
    pub running: Version,
    /// When and in which boot the installed version was installed, if it was not there from the
    /// start.
    pub installation: Option<Installation>,
}

/// The time and boot of an installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// The time.
    pub at: Timestamp,
    /// The boot.
    pub boot: BootId,
}

impl Software {
    /// Creates a component whose installed version runs.
    pub fn running(version: Version) -> Self {
        Self { installed: version.clone(), running: version, installation: None }
    }

    /// Whether the installed version is not running yet.
    pub fn is_pending(&self) -> bool {
        self.installed != self.running
    }

    /// Whether the campaign's version or a newer one is installed. A component without a package
    /// counts as delivered.
    pub fn is_delivered(&self, package: Option<&Package>) -> bool {
        package.is_none_or(|package| self.installed >= package.version)
    }

    /// Installs a version. It runs after the next boot, or at once if it needs no restart.
    pub fn install(&mut self, version: Version, restart_required: bool, installation: Option<Installation>) {
        if !restart_required {
            self.running = version.clone();
        }
        self.installed = version;
        self.installation = installation;
    }

    /// Boots: the installed version runs.
    pub fn boot(&mut self) {
        self.running = self.installed.clone();
    }

    /// Creates the versions before or after the campaign's package, or installed without a boot.
    pub(super) fn starting(package: &Package, starts: Starts, boot: &Boot) -> Self {
        match starts {
            Starts::UpToDate => Self::running(package.version.clone()),
            Starts::UpdateAvailable => Self::running(package.replaces.clone()),
            Starts::Pending => {
                let mut software = Self::running(package.replaces.clone());
                let installation = Installation { at: boot.at, boot: boot.id.clone() };
                software.install(package.version.clone(), package.restart_required, Some(installation));
                software
            }
        }
    }
}
