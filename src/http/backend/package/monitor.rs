//! The monitor of a transfer: limits its bandwidth, and checks once a second whether it may
//! continue. If the transfer is cut off, the journal says why.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::finish::TransferRecord;
use super::permission::{RequestedPackage, unavailable_refusal_by_name};
use crate::app::caller::{unknown_institution, unknown_terminal};
use crate::domain::check::Refusal;
use crate::domain::ids::TerminalAddress;
use crate::domain::terminal::Driver;
use crate::domain::text::Text;
use crate::http::bandwidth::BandwidthLimiter;

/// The interval between two checks of the institution.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The number of slices per second at a limited bandwidth.
const SLICES_A_SECOND: u64 = 8;

/// The monitor of one transfer.
pub(super) struct TransferMonitor {
    transfer_record: TransferRecord,
    requested: RequestedPackage,
    /// The terminal that fetches; `None` if it is unknown.
    terminal: Option<TerminalAddress>,
    limiter: Option<Arc<BandwidthLimiter>>,
    bandwidth: Option<u64>,
    next_check: Instant,
}

impl TransferMonitor {
    pub(super) fn new(transfer_record: TransferRecord, requested: RequestedPackage) -> Self {
        let address = transfer_record.institution.clone().zip(transfer_record.terminal.clone());
        let terminal = address.map(|(institution, terminal)| TerminalAddress { institution, terminal });
        let limiter = terminal.as_ref().map(|address| transfer_record.app.bandwidth_limiters.for_terminal(address));
        Self { transfer_record, requested, terminal, limiter, bandwidth: None, next_check: Instant::now() }
    }

    /// Waits according to the terminal's bandwidth. Returns how many of `length` bytes may be sent
    /// now.
    ///
    /// # Errors
    /// The transfer may not continue, with the reason.
    pub(super) async fn admit_bytes(&mut self, length: u64) -> Result<u64, Refusal> {
        if Instant::now() >= self.next_check {
            self.bandwidth = self.read_bandwidth().await?;
            self.next_check = Instant::now() + CHECK_INTERVAL;
        }
        let Some((bandwidth, limiter)) = self.bandwidth.zip(self.limiter.as_ref()) else {
            return Ok(length);
        };
        let allowed = length.min((bandwidth / SLICES_A_SECOND).clamp(1, 128 * 1024));
        limiter.wait_for(allowed, bandwidth).await;
        Ok(allowed)
    }

    /// Checks the institution. Returns the terminal's bandwidth; `None` if it is not limited.
    async fn read_bandwidth(&self) -> Result<Option<u64>, Refusal> {
        let Some(TerminalAddress { institution: code, terminal: id }) = &self.terminal else {
            return Ok(None);
        };
        let app = &self.transfer_record.app;
        let read = app.institutions.read(code, |tenant, moment| {
            let terminal = tenant.institution.terminals.get(id).ok_or_else(|| unknown_terminal(code, id))?;
            self.requested.check_may_continue(&tenant.institution, terminal, moment.now, &app.fixtures().invented.delivery)?;
            Ok((terminal.settings.driver == Driver::External).then_some(terminal.settings.bandwidth))
        });
        // A temporary failure of the store does not cut off a transfer that has started.
        read.await.unwrap_or(Some(Ok(self.bandwidth))).unwrap_or_else(|| Err(unknown_institution(code)))
    }

    /// Records in the journal why a transfer was cut off, and returns the error that cuts it off.
    pub(super) async fn cut_off(&self, refusal: &Refusal, sent: u64) -> io::Error {
        let note = Text::new(format!("{sent} バイトを送ったところで切断しました。"), format!("It was cut off after {sent} bytes."));
        self.transfer_record.record(refusal, note).await;
        io::Error::other(refusal.why.en.clone())
    }

    /// Does the same for a file that can no longer be read.
    pub(super) async fn cut_off_unreadable(&self, error: &io::Error, sent: u64) -> io::Error {
        self.cut_off(&unavailable_refusal_by_name(&self.requested.component, &self.requested.version, &error.to_string()), sent).await
    }
}
