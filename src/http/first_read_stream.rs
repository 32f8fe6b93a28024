//! A TLS stream that remembers what the first read of it came to: hyper passes no such cause on.
//!
//! Some clients look at the certificate only when their handshake is complete; to the server it then is, too, and what is read first is their alert, or the end.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::domain::handshake::Cause;
use crate::tls::HandshakeError;

/// Set by the first read: why the client ended the connection, or `None` where it sent something.
pub(super) type FirstRead = Arc<OnceLock<Option<HandshakeError>>>;

/// The stream, and where it is told what the first read came to.
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

    /// The client is gone where nothing can be written before anything was read: HTTP/2 begins with the server's settings.
    fn written<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
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
                Err(error) => Some(HandshakeError::by_alert(error).unwrap_or(HandshakeError::from(Cause::NoRequest))),
            });
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstReadStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(polled)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.written(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(context);
        this.written(polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
