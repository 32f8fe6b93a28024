//! Watches a transfer under way: the terminal's pace, and once a second whether it may still go on. What cuts it is journalled.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::finish::TransferRecord;
use super::permission::{RequestedPackage, unavailable_name};
use crate::app::caller::{unknown_institution, unknown_terminal};
use crate::domain::check::Refusal;
use crate::domain::ids::TerminalAddress;
use crate::domain::terminal::Driver;
use crate::domain::text::Text;
use crate::http::pace::Line;

/// Between two looks at the institution.
const EVERY: Duration = Duration::from_secs(1);

/// A paced terminal's second comes in so many slices.
const SLICES_A_SECOND: u64 = 8;

/// Watches one transfer.
pub(super) struct TransferMonitor {
    trace: TransferRecord,
    named: RequestedPackage,
    /// Who fetches, where that is known.
    terminal: Option<TerminalAddress>,
    line: Option<Arc<Line>>,
    bandwidth: Option<u64>,
    next_look: Instant,
}

impl TransferMonitor {
    pub(super) fn new(trace: TransferRecord, named: RequestedPackage) -> Self {
        let address = trace.institution.clone().zip(trace.terminal.clone());
        let terminal = address.map(|(institution, terminal)| TerminalAddress { institution, terminal });
        let line = terminal.as_ref().map(|address| trace.app.lines.of(address));
        Self { trace, named, terminal, line, bandwidth: None, next_look: Instant::now() }
    }

    /// Waits for the terminal's pace, and says how many of `length` bytes may go now.
    ///
    /// # Errors
    /// Why the transfer may not go on.
    pub(super) async fn allows(&mut self, length: u64) -> Result<u64, Refusal> {
        if Instant::now() >= self.next_look {
            self.bandwidth = self.look().await?;
            self.next_look = Instant::now() + EVERY;
        }
        let Some((bandwidth, line)) = self.bandwidth.zip(self.line.as_ref()) else {
            return Ok(length);
        };
        let most = length.min((bandwidth / SLICES_A_SECOND).clamp(1, 128 * 1024));
        line.pass(most, bandwidth).await;
        Ok(most)
    }

    /// The pace, where the terminal that fetches has one.
    async fn look(&self) -> Result<Option<u64>, Refusal> {
        let Some(TerminalAddress { institution: code, terminal: id }) = &self.terminal else {
            return Ok(None);
        };
        let app = &self.trace.app;
        let looked = app.institutions.read(code, |tenant, moment| {
            let terminal = tenant.institution.terminals.get(id).ok_or_else(|| unknown_terminal(code, id))?;
            self.named.goes_on(&tenant.institution, terminal, moment.now, &app.fixtures().invented.delivery)?;
            Ok((terminal.settings.driver == Driver::External).then_some(terminal.settings.bandwidth))
        });
        // A store that does not work for a while cuts nothing that was begun.
        looked.await.unwrap_or(Some(Ok(self.bandwidth))).unwrap_or_else(|| Err(unknown_institution(code)))
    }

    /// Journals why a transfer was cut off, and gives the error that cuts it.
    pub(super) async fn cut(&self, refusal: &Refusal, sent: u64) -> io::Error {
        let note = Text::new(format!("{sent} バイトを送ったところで切断しました。"), format!("It was cut off after {sent} bytes."));
        self.trace.record(refusal, note).await;
        io::Error::other(refusal.why.en.clone())
    }

    /// The same for a file that cannot be read on.
    pub(super) async fn broken(&self, error: &io::Error, sent: u64) -> io::Error {
        self.cut(&unavailable_name(&self.named.component, &self.named.version, &error.to_string()), sent).await
    }
}
