//! The event streams of a server. Their number is limited, and all of them end when the server
//! stops.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The maximum number of open streams, over all institutions.
pub const MAX_STREAMS: usize = 64;

/// The streams of a server.
pub struct Streams {
    permits: Arc<Semaphore>,
    closed: watch::Sender<bool>,
}

/// The permit of one stream, released on drop.
pub struct StreamPermit {
    closed: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Default for Streams {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(MAX_STREAMS)), closed: watch::Sender::new(false) }
    }
}

impl Streams {
    /// Returns a permit for another stream; `None` if too many are open.
    pub fn acquire(&self) -> Option<StreamPermit> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(StreamPermit { closed: self.closed.subscribe(), _permit: permit })
    }

    /// Ends all streams.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }
}

impl StreamPermit {
    /// Returns when all streams have to end.
    pub async fn closed(&mut self) {
        // A dropped sender means the same.
        let _ = self.closed.wait_for(|closed| *closed).await;
    }
}
