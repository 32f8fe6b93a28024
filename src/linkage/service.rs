//! The service of the linkage folders, if the server has any: sweeps them, creates those of new
//! institutions, and writes face results.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

use super::folder::OutputFile;
use super::folders::{Folders, LinkageLocation, SCAN_INTERVAL};
use crate::domain::ids::TerminalAddress;
use crate::institutions::Institutions;

/// The number of terminals whose folders are checked before the server is ready: creating a
/// folder takes a moment, and there may be 230,000.
const STARTUP_SAMPLE_SIZE: usize = 64;

/// The folders of a server.
#[derive(Clone)]
pub struct LinkageFolders {
    folders: Option<Arc<Folders>>,
    institutions: Institutions,
}

impl LinkageFolders {
    /// Creates the service for a location, if any, without touching the disk. A request that
    /// does not end with its last tag is claimed after `incomplete_after`.
    pub fn new(location: Option<LinkageLocation>, incomplete_after: Duration, institutions: Institutions) -> Self {
        let folders = location.map(|location| Arc::new(Folders::new(location, incomplete_after)));
        Self { folders, institutions }
    }

    /// Returns the folder of a terminal; `None` if the server has none for it.
    pub fn folder_of(&self, address: &TerminalAddress) -> Option<PathBuf> {
        self.folders.as_ref()?.folder_of(address)
    }

    /// Sweeps the folders until `stop` completes; the sweep in progress answers the requests
    /// that it has claimed.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let Some(folders) = &self.folders else {
            return;
        };
        let mut stop = pin!(stop);
        let mut interval = tokio::time::interval(SCAN_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                () = &mut stop => return,
            }
            let (looking, institutions) = (Arc::clone(folders), self.institutions.clone());
            let mut looked = pin!(spawn_blocking(move || looking.sweep(&institutions)));
            let ended = tokio::select! {
                ended = &mut looked => ended,
                () = &mut stop => {
                    folders.close();
                    let _ = looked.await;
                    return;
                }
            };
            if let Err(error) = ended {
                tracing::error!(%error, "連携フォルダーを確認できませんでした / a look at the linkage folders failed");
            }
        }
    }

    /// Returns the folders that another process serves, among those of the first 64 terminals.
    /// This server does not serve them until that process ends.
    pub async fn occupied_folders(&self) -> Vec<PathBuf> {
        let Some(folders) = self.folders.clone() else {
            return Vec::new();
        };
        let institutions = self.institutions.clone();
        let looked = spawn_blocking(move || folders.occupied_folders(&institutions, STARTUP_SAMPLE_SIZE));
        looked.await.unwrap_or_else(|error| {
            tracing::error!(%error, "連携フォルダーを確認できませんでした / a look at the linkage folders failed");
            Vec::new()
        })
    }

    /// Creates the folders of these terminals.
    pub async fn prepare(&self, terminals: Vec<TerminalAddress>) {
        let Some(folders) = self.folders.clone() else {
            return;
        };
        let prepared = spawn_blocking(move || terminals.iter().for_each(|address| folders.prepare(address)));
        if let Err(error) = prepared.await {
            tracing::error!(%error, "連携フォルダーを作れませんでした / the linkage folders were not made");
        }
    }

    /// Puts the result file of a face check into a terminal's folder. Returns whether the
    /// server has a folder for that terminal.
    ///
    /// # Errors
    /// The file cannot be stored.
    pub async fn deliver_face(&self, address: TerminalAddress, file: OutputFile) -> io::Result<bool> {
        let Some(folders) = self.folders.clone() else {
            return Ok(false);
        };
        let wall = self.institutions.wall();
        spawn_blocking(move || folders.deliver_face(&address, file, wall)).await?
    }
}
