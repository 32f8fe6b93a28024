//! The progress log of a download: one line for each tenth.

use super::protocol::Offer;

/// The progress of one download.
pub(super) struct Meter {
    title: String,
    size: u64,
    /// The last tenth that was logged.
    tenth: u64,
}

impl Meter {
    pub(super) fn new(offer: &Offer) -> Self {
        Self { title: format!("{} {}", offer.component.title().ja, offer.version), size: offer.size, tenth: 0 }
    }

    /// Logs the number of received bytes if another tenth is complete.
    pub(super) fn log(&mut self, received: u64) {
        let tenth = received.saturating_mul(10) / self.size.max(1);
        if tenth > self.tenth {
            self.tenth = tenth;
            tracing::info!("{}: {}% ({received}/{})", self.title, tenth * 10, self.size);
        }
    }
}
