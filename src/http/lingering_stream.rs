//! A TCP stream whose close does not destroy the bytes sent just before.
//!
//! If the client sends bytes that are not read, a plain `close` makes the kernel send a reset, and
//! the client's kernel discards the response that it had already received. A client with a wrong
//! `Content-Length`, or one that is still sending a refused body, would report a broken connection
//! instead of the error in the response.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// How long a closed connection waits for the client to close its side.
const MAX_LINGER_TIME: Duration = Duration::from_secs(2);

/// The maximum number of bytes that are discarded meanwhile. It is large, since many clients write
/// their whole body before they read the response.
const MAX_DISCARDED_BYTES: usize = 16 * 1024 * 1024;

/// A TCP stream whose shutdown ends the sending side, then reads and discards until the client has
/// ended too, or a limit is reached.
///
/// Dropping it without a shutdown closes it immediately, like a plain stream, or resets the
/// connection if that was requested.
pub(super) struct LingeringStream {
    stream: TcpStream,
    closing: Option<Closing>,
    reset: Arc<AtomicBool>,
}

/// What remains of the limits after the sending side was shut down.
struct Closing {
    deadline: Pin<Box<Sleep>>,
    bytes: usize,
}

impl LingeringStream {
    /// Wraps a connected stream.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, closing: None, reset: Arc::default() }
    }

    /// Returns a flag. If it is set, dropping the stream without a shutdown resets the connection
    /// (TCP RST).
    pub(super) fn reset(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.reset)
    }
}

impl Drop for LingeringStream {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "a connection that was to be reset closes in order");
        }
    }
}

impl AsyncWrite for LingeringStream {
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, closing, .. } = self.get_mut();
        let closing = match closing {
            Some(closing) => closing,
            None => {
                ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
                closing.insert(Closing { deadline: Box::pin(sleep(MAX_LINGER_TIME)), bytes: MAX_DISCARDED_BYTES })
            }
        };
        let mut discarded = [0; 8 * 1024];
        while closing.bytes > 0 && closing.deadline.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut discarded);
            match ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => closing.bytes = closing.bytes.saturating_sub(buffer.filled().len()),
                Ok(()) => break,
                Err(error) => {
                    tracing::trace!(%error, "the client went away while its connection was being closed");
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }
}

impl AsyncRead for LingeringStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}
