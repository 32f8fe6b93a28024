//! A limit for the memory that bodies take while a client is slow: request bodies that are not
//! complete, and response bodies that the client does not read.
//!
//! Over HTTP/2 a client may leave 64 of each on every connection. At the limit, the bodies of
//! further requests are read when there is room again, or end by their time-out; further
//! responses are replaced by a short 503.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The part of a body, in bytes, that is not counted. Ordinary checks are smaller, and are
/// therefore served when the limit is reached.
const FREE: u64 = 4096;

/// The response in place of one for which there is no room.
const TOO_MUCH_UNREAD: &str = "\
まだ読み取られていない応答が多すぎるため、この応答を返せません。届いている応答を読み取ってから、もう一度要求してください。
Too many responses are unread for this one to be sent: read those that came, then ask again.
";

/// The bytes of bodies that may be in memory, for one address and for the listener.
#[derive(Clone)]
pub(super) struct BodyBudget {
    address: Arc<Semaphore>,
    listener: Arc<Semaphore>,
}

/// Bytes that are counted until their last clone is dropped.
struct CountedBytes {
    bytes: Bytes,
    _permits: [OwnedSemaphorePermit; 2],
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl BodyBudget {
    pub(super) fn new(address: Arc<Semaphore>, listener: Arc<Semaphore>) -> Self {
        Self { address, listener }
    }

    /// Counts bytes, when there is room for them.
    async fn count(self, bytes: Bytes) -> Bytes {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let acquired = async {
            let address = self.address.acquire_many_owned(length).await?;
            Ok::<_, tokio::sync::AcquireError>([address, self.listener.acquire_many_owned(length).await?])
        };
        match acquired.await {
            Ok(permits) => Bytes::from_owner(CountedBytes { bytes, _permits: permits }),
            // Nobody closes the semaphores.
            Err(_) => bytes,
        }
    }

    /// Counts the body of a response, which is in memory if its size is known; without room for
    /// it, returns a short response 503.
    pub(super) fn of_response(&self, response: Response) -> Response {
        let Some(length) = response.body().size_hint().exact().filter(|&length| length > FREE) else {
            return response;
        };
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let address = Arc::clone(&self.address).try_acquire_many_owned(length);
        let listener = Arc::clone(&self.listener).try_acquire_many_owned(length);
        let (Ok(address), Ok(listener)) = (address, listener) else {
            let retry_after = [(RETRY_AFTER, HeaderValue::from_static("1"))];
            return (StatusCode::SERVICE_UNAVAILABLE, retry_after, TOO_MUCH_UNREAD).into_response();
        };
        let mut permits = Some([address, listener]);
        response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                // Such a body is one frame.
                frame.map_data(|bytes| match permits.take() {
                    Some(permits) => Bytes::from_owner(CountedBytes { bytes, _permits: permits }),
                    None => bytes,
                })
            }))
        })
    }
}

/// The body of a request, whose bytes are counted as they arrive.
pub(super) struct CountedRequestBody {
    incoming: Incoming,
    budget: BodyBudget,
    read: u64,
    /// Bytes that wait until there is room for them.
    waiting: Option<BoxFuture<'static, Bytes>>,
}

impl CountedRequestBody {
    pub(super) fn new(incoming: Incoming, budget: BodyBudget) -> Self {
        Self { incoming, budget, read: 0, waiting: None }
    }
}

impl HttpBody for CountedRequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { incoming, budget, read, waiting } = &mut *self;
        let mut counted = match waiting.take() {
            Some(counted) => counted,
            None => match ready!(Pin::new(incoming).poll_frame(context)).map(|read| read.map(Frame::into_data)) {
                Some(Ok(Ok(bytes))) => {
                    *read += bytes.len() as u64;
                    if *read <= FREE {
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                    Box::pin(budget.clone().count(bytes))
                }
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            },
        };
        match counted.as_mut().poll(context) {
            Poll::Ready(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Poll::Pending => {
                *waiting = Some(counted);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_none() && self.incoming.is_end_stream()
    }

    /// Bytes that wait are no longer part of the hint; only the limits of a body ask for it, before
    /// anything is read.
    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
