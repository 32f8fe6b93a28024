//! A TCP stream that closes without destroying what it has just sent.
//!
//! Where bytes of the client are still unread, or arrive later, a plain `close` makes the kernel send a reset, and the client's kernel throws away the answer it had already
//! received. Clients with a wrong `Content-Length`, or in the middle of a body that was refused, would report a broken connection and never show the error that explains it.

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

/// How long a closed connection goes on listening for the client's own end.
const LONGEST: Duration = Duration::from_secs(2);

/// How many bytes it discards meanwhile. Generous, since many clients write their whole body before they read a byte of the answer.
const MOST: usize = 16 * 1024 * 1024;

/// A TCP stream whose shutdown ends the sending half, then reads and discards until the client has ended too, or a bound is reached.
///
/// Dropping it without a shutdown closes at once, as with a plain stream; or resets the connection, where that was asked for.
pub(super) struct LingeringStream {
    stream: TcpStream,
    closing: Option<Closing>,
    reset: Arc<AtomicBool>,
}

/// What is left of the bounds once the sending half is shut.
struct Closing {
    deadline: Pin<Box<Sleep>>,
    bytes: usize,
}

impl LingeringStream {
    /// Wraps a connected stream.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, closing: None, reset: Arc::default() }
    }

    /// Set it, and the stream resets the connection (TCP RST) when it is dropped without a shutdown.
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
                closing.insert(Closing { deadline: Box::pin(sleep(LONGEST)), bytes: MOST })
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
