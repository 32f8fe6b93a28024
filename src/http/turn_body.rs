//! The request bodies of an HTTP/2 connection. Large ones are read one after another, so that a
//! connection has one of them in memory, and not as many as it has streams.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// A body that announces at most so many bytes is read at once.
const MAX_AT_ONCE: u64 = 16 * 1024;

/// A request body that waits for its turn.
pub(super) struct TurnBody {
    body: Incoming,
    turn: Turn,
}

enum Turn {
    /// The body is small, or has been read, or is the only one of its connection.
    NotNeeded,
    Waiting(Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>),
    Taken {
        _permit: OwnedSemaphorePermit,
    },
}

impl TurnBody {
    /// `turns` has a permit for the connection's one large body; `None` over HTTP/1.
    pub(super) fn new(body: Incoming, turns: Option<&Arc<Semaphore>>) -> Self {
        let is_large = body.size_hint().upper().is_none_or(|most| most > MAX_AT_ONCE);
        let turn = turns.filter(|_| is_large).map_or(Turn::NotNeeded, |turns| Turn::Waiting(Box::pin(Arc::clone(turns).acquire_owned())));
        Self { body, turn }
    }
}

impl Body for TurnBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Turn::Waiting(turn) = &mut self.turn {
            let permit = ready!(turn.as_mut().poll(context)).expect("the semaphore is never closed");
            self.turn = Turn::Taken { _permit: permit };
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() {
            self.turn = Turn::NotNeeded;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
