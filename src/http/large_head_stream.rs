//! A stream that adds an explanation to the one response that hyper writes by itself: 431 with an
//! empty body, to a request with too many header fields or bytes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The maximum size of a request's head over HTTP/1.1 in bytes.
pub(super) const MAX_HEAD_SIZE: usize = 64 * 1024;

/// The start of hyper's response. A response of a request handler has other headers before these.
const HYPER_RESPONSE: &[u8] = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n";

/// The response that is sent instead. A request handler could write it if hyper's limit of 100
/// header fields were raised, but that would cost an allocation per request.
const REPLACEMENT: &str = concat!(
    "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 218\r\n\r\n",
    "要求のヘッダーが多すぎます。1つの要求に付けられるヘッダーは100個まで、合わせて64 KiB までです。\n",
    "There are too many header fields: a request has at most 100, and 64 KiB in all.\n",
);

/// A stream that replaces hyper's response.
pub(super) struct LargeHeadStream<S> {
    stream: S,
    /// The part of the replacement that is still to be sent; `None` until hyper has written its
    /// response.
    remaining: Option<&'static [u8]>,
}

impl<S> LargeHeadStream<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, remaining: None }
    }
}

impl<S: AsyncWrite + Unpin> LargeHeadStream<S> {
    /// Sends the replacement if `bytes` is hyper's response. Returns `None` if it is any other.
    fn send_replacement(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Option<io::Result<()>>> {
        if self.remaining.is_none() && bytes.starts_with(HYPER_RESPONSE) {
            self.remaining = Some(REPLACEMENT.as_bytes());
        }
        let Some(left) = &mut self.remaining else {
            return Poll::Ready(None);
        };
        while !left.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, left)) {
                Ok(0) => return Poll::Ready(Some(Err(io::ErrorKind::WriteZero.into()))),
                Ok(written) => *left = &left[written..],
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        Poll::Ready(Some(Ok(())))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LargeHeadStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.send_replacement(context, bytes)) {
            Some(explained) => Poll::Ready(explained.map(|()| bytes.len())),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match ready!(self.send_replacement(context, slices.first().map_or(&[], |slice| slice))) {
            Some(explained) => Poll::Ready(explained.map(|()| slices.iter().map(|slice| slice.len()).sum())),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LargeHeadStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::REPLACEMENT;

    #[test]
    fn the_words_have_the_length_that_is_announced() {
        let (head, words) = REPLACEMENT.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", words.len())), "{head}: {}", words.len());
    }
}
