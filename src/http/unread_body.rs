//! The request body that no handler read.
//!
//! Over HTTP/2, data that arrives after the response can be an error of its stream, and many such
//! errors end the connection. Handlers need not read bodies that have no meaning for them, so the
//! connection reads a small one before it sends the response.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::HttpBody;
use axum::http::header::EXPECT;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::{Frame, SizeHint};

use super::body_budget::CountedRequestBody;

/// The maximum number of bytes that are read. A client with more to send gets the response at once.
const MAX_BYTES: usize = 64 * 1024;
/// The time limit for reading them.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A body, and whether somebody asked for its data.
struct Shared {
    body: CountedRequestBody,
    is_polled: bool,
}

/// A request body, which the connection keeps when its handler drops it.
#[derive(Clone)]
pub(super) struct SharedRequestBody(Arc<Mutex<Shared>>);

impl SharedRequestBody {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for SharedRequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut shared = self.shared();
        shared.is_polled = true;
        Pin::new(&mut shared.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.shared().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.shared().body.size_hint()
    }
}

/// The body of a request that its handler may leave unread.
pub(super) struct UnreadBody {
    body: SharedRequestBody,
    /// Whether the client sends the body only after a response 100, which never comes over HTTP/2.
    waits: bool,
}

impl UnreadBody {
    /// Shares the body of a request with its handler.
    pub(super) fn of(request: Request<CountedRequestBody>) -> (Self, Request<SharedRequestBody>) {
        let waits = request.headers().contains_key(EXPECT);
        let request = request.map(|body| SharedRequestBody(Arc::new(Mutex::new(Shared { body, is_polled: false }))));
        (Self { body: request.body().clone(), waits }, request)
    }

    /// Reads the body if it is small and nobody did, after the handler has ended.
    pub(super) async fn read(self) {
        let is_read = self.body.shared().is_polled || self.body.is_end_stream();
        if is_read || self.waits || self.body.size_hint().lower() > MAX_BYTES as u64 {
            return;
        }
        let mut body = Limited::new(self.body, MAX_BYTES);
        let read = async { while let Some(Ok(_)) = body.frame().await {} };
        // The response is the same, whether or not all of it was read.
        let _ = tokio::time::timeout(TIMEOUT, read).await;
    }
}
