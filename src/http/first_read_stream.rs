//! A TLS stream that records the result of its first read, because hyper does not report why a
//! connection ended.
//!
//! Some clients verify the certificate only after they have completed the handshake. For the server
//! the handshake is then complete too, and the first read returns the client's alert, or the end of
//! the stream.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::domain::handshake::Cause;
use crate::tls::HandshakeError;

/// The result of the first read: why the client ended the connection, or `None` if it sent
/// something. Empty before the first read.
pub(super) type FirstRead = Arc<OnceLock<Option<HandshakeError>>>;

/// The stream, and the result of its first read.
pub(super) struct FirstReadStream<S> {
    stream: S,
    first_read: FirstRead,
}

impl<S> FirstReadStream<S> {
    /// Wraps a stream whose handshake is complete.
    pub(super) fn new(stream: S) -> (Self, FirstRead) {
        let first_read = FirstRead::default();
        (Self { stream, first_read: Arc::clone(&first_read) }, first_read)
    }

    /// Records that the client disconnected if a write fails before the first read. HTTP/2 starts
    /// with a write of the server's settings.
    fn record_write<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(_)) = polled {
            self.first_read.get_or_init(|| Some(HandshakeError::from(Cause::NoRequest)));
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstReadStream<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let filled = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        if let Poll::Ready(read) = &polled {
            this.first_read.get_or_init(|| match read {
                Ok(()) if buffer.filled().len() > filled => None,
                Ok(()) => Some(HandshakeError::from(Cause::NoRequest)),
                Err(error) => Some(HandshakeError::from_alert(error).unwrap_or(HandshakeError::from(Cause::NoRequest))),
            });
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstReadStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.record_write(polled)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.record_write(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(context);
        this.record_write(polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
