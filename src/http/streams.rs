//! The event streams of a server. Their number is limited, and all of them end when the server
//! stops.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The streams of a server.
pub struct Streams {
    /// The maximum number of open streams, over all institutions.
    max: usize,
    permits: Arc<Semaphore>,
    closed: watch::Sender<bool>,
}

/// The permit of one stream, released on drop.
pub struct StreamPermit {
    closed: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// Creates the streams of a server; at most `max` are open at once.
    pub fn new(max: usize) -> Self {
        Self { max, permits: Arc::new(Semaphore::new(max)), closed: watch::Sender::new(false) }
    }

    /// Returns the maximum number of open streams.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Returns the number of open streams.
    pub fn open(&self) -> usize {
        self.max - self.permits.available_permits()
    }

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
