//! The metrics of the institutions. Terminals are counted only for institutions in the cache,
//! so that no request reads the whole store.

use std::sync::atomic::Ordering;

use tokio::runtime::Handle;

use super::Institutions;
use crate::domain::handshake::Cause;
use crate::domain::terminal::Phase;
use crate::metrics::Present;

impl Institutions {
    /// Returns all metrics in the text format of Prometheus. `streams` are the open event streams
    /// and their maximum.
    pub async fn metrics(&self, streams: (usize, usize)) -> String {
        let (inner, wall) = (&self.0, self.wall());
        let tasks = Handle::current().metrics().num_alive_tasks() as u64;
        let mut present = Present { stored: inner.stored.load(Ordering::Relaxed), streams, tasks, ..Present::default() };
        (present.waiting_entries, present.waiting_bytes) = inner.recorder.waiting_totals();
        for cached in inner.cache.present(inner.epoch()).iter().filter(|cached| !cached.tenant.is_expired(wall)) {
            let institution = &cached.tenant.institution;
            let now = institution.now(wall);
            present.in_memory += 1;
            for terminal in institution.terminals.values() {
                let phase = terminal.phase(&institution.campaign, now);
                present.terminals.iter_mut().zip(Phase::IN_ORDER).filter(|(_, of)| *of == phase).for_each(|(terminals, _)| *terminals += 1);
            }
        }
        if inner.store.last_error().is_none() {
            // A failure is logged by the store; the gauge keeps its last value.
            present.store_bytes = inner.store.bytes().await.ok();
        }
        inner.metrics.text(&present)
    }

    /// Counts a failed TLS handshake.
    pub fn count_failed_handshake(&self, cause: Cause) {
        self.0.metrics.count_failed_handshake(cause);
    }
}
