//! Streams that stay open: a bounded number at once, and all of them end when the server does.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Streams that are open at once, over all institutions.
pub const MOST_STREAMS: usize = 64;

/// The streams of a server.
pub struct Streams {
    permits: Arc<Semaphore>,
    closed: watch::Sender<bool>,
}

/// The place of one stream, given back on drop.
pub struct StreamPermit {
    closed: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Default for Streams {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(MOST_STREAMS)), closed: watch::Sender::new(false) }
    }
}

impl Streams {
    /// A place for one more; none where there are too many.
    pub fn acquire(&self) -> Option<StreamPermit> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(StreamPermit { closed: self.closed.subscribe(), _permit: permit })
    }

    /// Ends all of them.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }
}

impl StreamPermit {
    /// Returns once all streams are to end.
    pub async fn closed(&mut self) {
        // That its sender is gone means the same.
        let _ = self.closed.wait_for(|closed| *closed).await;
    }
}
