//! What the server has counted, and what there is at the moment: no more is looked through than memory holds.

use std::sync::atomic::Ordering;

use super::Institutions;
use crate::domain::handshake::Cause;
use crate::domain::terminal::Phase;
use crate::metrics::Present;

impl Institutions {
    /// All of it, as Prometheus reads it.
    pub async fn metrics(&self) -> String {
        let (inner, wall) = (&self.0, self.wall());
        let mut present = Present { stored: inner.stored.load(Ordering::Relaxed), ..Present::default() };
        (present.waiting_entries, present.waiting_bytes) = inner.recorder.waiting_totals();
        for cached in inner.cache.present(inner.epoch()).iter().filter(|cached| !cached.tenant.is_over(wall)) {
            let institution = &cached.tenant.institution;
            let now = institution.now(wall);
            present.in_memory += 1;
            for terminal in institution.terminals.values() {
                let phase = terminal.phase(&institution.campaign, now);
                present.terminals.iter_mut().zip(Phase::IN_ORDER).filter(|(_, of)| *of == phase).for_each(|(terminals, _)| *terminals += 1);
            }
        }
        if inner.store.trouble().is_none() {
            // Where it fails just now, that is logged there, and what it told before stays.
            present.store_bytes = inner.store.bytes().await.ok();
        }
        inner.metrics.text(&present)
    }

    /// Counts a TLS handshake that failed.
    pub fn count_failed_handshake(&self, cause: Cause) {
        self.0.metrics.count_failed_handshake(cause);
    }
}
