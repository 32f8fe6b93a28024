//! What a terminal tells the server: in order, each until it is taken; and everything anew where the server has forgotten.

use std::sync::atomic::Ordering;

use super::fault::{Fault, line};
use super::protocol::Offer;
use super::{Terminal, locked};
use crate::domain::terminal::Report;

impl Terminal {
    /// Sends what is outstanding, in order. What the server does not accept is dropped; where that is a boot, it is told everything once.
    ///
    /// # Errors
    /// The server cannot be reached, or does not know this terminal.
    pub(super) async fn send_reports(&self) -> Result<(), Fault> {
        let _order = self.sending.lock().await;
        let sent = self.send_in_order().await;
        if sent.is_err() {
            // Whoever answers next may have forgotten everything meanwhile.
            self.unsure.store(true, Ordering::Relaxed);
        }
        sent
    }

    async fn send_in_order(&self) -> Result<(), Fault> {
        self.introduce().await?;
        let mut told_all = false;
        while let Some(report) = self.next_report() {
            match self.backend.report(&report).await {
                Err(Fault::Refused(why)) => {
                    tracing::warn!("報告が受け付けられませんでした / a report was not taken: {}", line(&why));
                    self.sent(&report)?;
                    if matches!(report, Report::Booted { .. }) && !told_all {
                        told_all = true;
                        self.note_all().await?;
                    }
                }
                done => {
                    done?;
                    self.sent(&report)?;
                    if matches!(report, Report::Booted { .. }) {
                        self.unsure.store(false, Ordering::Relaxed);
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells a server that may have forgotten it which boot this is, before what was installed in it: otherwise that would look like a restart that
    /// did not help. Where it is known it is a duplicate; where it does not fit, what follows puts it right.
    async fn introduce(&self) -> Result<(), Fault> {
        let state = self.state();
        let boots = state.reports.iter().any(|report| matches!(report, Report::Booted { .. }));
        if state.reports.is_empty() || boots || !self.unsure.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.backend.report(&state.boot_report()).await {
            Ok(_) | Err(Fault::Refused(_)) => self.unsure.store(false, Ordering::Relaxed),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// Tells the server everything that is installed beyond what it knows, and what runs.
    ///
    /// # Errors
    /// As [`Terminal::send_reports`].
    pub(super) async fn tell_all(&self) -> Result<(), Fault> {
        self.note_all().await?;
        self.send_reports().await
    }

    /// Makes sure that the server knows of a pending restart before something is asked of it.
    ///
    /// # Errors
    /// As [`Terminal::send_reports`].
    pub(super) async fn settle_pending(&self) -> Result<(), Fault> {
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
        if knows { Ok(()) } else { self.tell_all().await }
    }

    /// A download's progress is told once and not again: the next one says more.
    pub(super) async fn tell_progress(&self, offer: &Offer, received: u64) {
        let report = Report::Downloading { component: offer.component, version: offer.version.clone(), received };
        if let Err(fault) = self.backend.report(&report).await {
            tracing::debug!("{}", line(fault.why()));
        }
    }

    async fn note_all(&self) -> Result<(), Fault> {
        let known = self.backend.results().await?.versions();
        let known = known.into_iter().map(|(component, (installed, _))| (component, installed)).collect();
        self.change(|state| state.report_all(&known))
    }

    fn next_report(&self) -> Option<Report> {
        locked(&self.state).reports.front().cloned()
    }

    fn sent(&self, report: &Report) -> Result<(), Fault> {
        self.change(|state| {
            if state.reports.front() == Some(report) {
                state.reports.pop_front();
            }
        })
    }
}
