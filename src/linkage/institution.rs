//! The linkage folders of an institution: made when it is, and given the results of face checks. The work on the disk is done on threads that may
//! wait.

use std::io;
use std::sync::Arc;

use super::folder::Outgoing;
use super::folders::Folders;
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::institutions::Institutions;
use crate::store::StoreError;

/// Makes the folders of these terminals, where the server keeps any.
pub async fn prepare_folders(folders: Option<&Arc<Folders>>, terminals: Vec<TerminalAddress>) {
    let Some(folders) = folders.map(Arc::clone) else {
        return;
    };
    let prepared = tokio::task::spawn_blocking(move || terminals.iter().for_each(|address| folders.prepare(address)));
    if let Err(error) = prepared.await {
        tracing::error!(%error, "the linkage folders were not made");
    }
}

/// Makes the folders of all terminals of an institution.
///
/// # Errors
/// A store that does not work.
pub async fn prepare_folders_of(
    folders: Option<&Arc<Folders>>,
    institutions: &Institutions,
    code: &InstitutionCode,
) -> Result<(), StoreError> {
    let address = |terminal: &TerminalId| TerminalAddress { institution: code.clone(), terminal: terminal.clone() };
    let terminals = institutions.look(code, |tenant, _| tenant.institution.terminals.keys().map(address).collect());
    prepare_folders(folders, terminals.await?.unwrap_or_default()).await;
    Ok(())
}

/// Puts the result file of a face check into a terminal's folder; says whether the server keeps a folder for that terminal.
///
/// # Errors
/// The disk's word.
pub async fn deliver_face(
    folders: Option<&Arc<Folders>>,
    institutions: &Institutions,
    address: TerminalAddress,
    file: Outgoing,
) -> io::Result<bool> {
    let Some(folders) = folders.map(Arc::clone) else {
        return Ok(false);
    };
    let wall = institutions.wall();
    tokio::task::spawn_blocking(move || folders.deliver_face(&address, file, wall)).await?
}
