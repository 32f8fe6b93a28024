//! Reports to the server: sent in order, each until the server accepts or refuses it; all again
//! if the server has lost them.

use std::sync::atomic::Ordering;

use super::protocol::Offer;
use super::request_error::{RequestError, line};
use super::{Terminal, locked};
use crate::domain::terminal::Report;

impl Terminal {
    /// Sends the outstanding reports in order. A report that the server refuses is dropped; if
    /// it is that of a boot, everything is reported once more.
    ///
    /// # Errors
    /// The server cannot be reached, or does not know this terminal.
    pub(super) async fn send_reports(&self) -> Result<(), RequestError> {
        let _order = self.sending.lock().await;
        let sent = self.send_in_order().await;
        if sent.is_err() {
            // The server that answers next may have lost all reports.
            self.unsure.store(true, Ordering::Relaxed);
        }
        sent
    }

    async fn send_in_order(&self) -> Result<(), RequestError> {
        self.report_current_boot().await?;
        let mut reported_all = false;
        while let Some(report) = self.next_report() {
            match self.backend.report(&report).await {
                Err(RequestError::Refused(why)) => {
                    tracing::warn!("報告が受け付けられませんでした / a report was not taken: {}", line(&why));
                    self.mark_sent(&report)?;
                    if matches!(report, Report::Booted { .. }) && !reported_all {
                        reported_all = true;
                        self.queue_version_reports().await?;
                    }
                }
                done => {
                    done?;
                    self.mark_sent(&report)?;
                    if matches!(report, Report::Booted { .. }) {
                        self.unsure.store(false, Ordering::Relaxed);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reports the current boot before other reports to a server that may have lost it.
    /// Otherwise an installation in this boot would look like a restart without effect. If the
    /// server knows the boot, this is a duplicate; if the server refuses it, the following
    /// reports correct its record.
    async fn report_current_boot(&self) -> Result<(), RequestError> {
        let state = self.state();
        let boots = state.reports.iter().any(|report| matches!(report, Report::Booted { .. }));
        if state.reports.is_empty() || boots || !self.unsure.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.backend.report(&state.boot_report()).await {
            Ok(_) | Err(RequestError::Refused(_)) => self.unsure.store(false, Ordering::Relaxed),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Reports the installed versions that the server does not know, and the running ones.
    ///
    /// # Errors
    /// As [`Terminal::send_reports`].
    pub(super) async fn report_versions(&self) -> Result<(), RequestError> {
        self.queue_version_reports().await?;
        self.send_reports().await
    }

    /// Ensures that the server knows of a pending restart, before a request that it has to
    /// refuse.
    ///
    /// # Errors
    /// As [`Terminal::send_reports`].
    pub(super) async fn settle_pending(&self) -> Result<(), RequestError> {
        self.send_reports().await?;
        let state = self.state();
        if !state.is_pending() {
            return Ok(());
        }
        let known = self.backend.results().await?.versions();
        let knows = state.software.iter().filter(|(_, own)| own.installed != own.running).all(|(component, own)| {
            known.get(component).is_some_and(|(installed, running)| {
                *installed >= own.installed && running.as_ref().is_none_or(|running| *running == own.running)
            })
        });
        if knows { Ok(()) } else { self.report_versions().await }
    }

    /// Reports the progress of a download, without retries, since the next report supersedes
    /// it.
    pub(super) async fn report_progress(&self, offer: &Offer, received: u64) {
        let report = Report::Downloading { component: offer.component, version: offer.version.clone(), received };
        if let Err(error) = self.backend.report(&report).await {
            tracing::debug!("{}", line(error.why()));
        }
    }

    async fn queue_version_reports(&self) -> Result<(), RequestError> {
        let known = self.backend.results().await?.versions();
        let known = known.into_iter().map(|(component, (installed, _))| (component, installed)).collect();
        self.update_state(|state| state.report_all(&known))
    }

    fn next_report(&self) -> Option<Report> {
        locked(&self.state).reports.front().cloned()
    }

    fn mark_sent(&self, report: &Report) -> Result<(), RequestError> {
        self.update_state(|state| {
            if state.reports.front() == Some(report) {
                state.reports.pop_front();
            }
        })
    }
}
