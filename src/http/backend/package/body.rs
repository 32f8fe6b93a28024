//! The body of a package response. Its pieces are read one after the other, each when the one
//! before was sent, at the terminal's bandwidth.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

use bytes::Bytes;
use futures_util::{Stream, stream};

use super::monitor::TransferMonitor;
use crate::package::Reader;

/// The media type of a package.
pub(super) const OCTET_STREAM: &str = "application/octet-stream";

/// A piece of a body.
#[derive(Debug)]
pub(super) enum BodyPart {
    /// The lines between parts.
    Delimiter(Bytes),
    /// Bytes of the package.
    PackageBytes(Range<u64>),
}

/// Returns the `Content-Range` of a part.
pub(super) fn content_range(part: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", part.start, part.end - 1)
}

/// Returns the pieces of a body and their total length: the whole package if there are no parts,
/// one part as it is, several parts as `multipart/byteranges`.
pub(super) fn layout(parts: &[Range<u64>], size: u64, boundary: &str) -> (VecDeque<BodyPart>, u64) {
    let mut pieces = VecDeque::new();
    match parts {
        [] => pieces.push_back(BodyPart::PackageBytes(0..size)),
        [part] => pieces.push_back(BodyPart::PackageBytes(part.clone())),
        parts => {
            for (i, part) in parts.iter().enumerate() {
                let line_end = if i == 0 { "" } else { "\r\n" };
                let range = content_range(part, size);
                let head = format!("{line_end}--{boundary}\r\nContent-Type: {OCTET_STREAM}\r\nContent-Range: {range}\r\n\r\n");
                pieces.extend([BodyPart::Delimiter(head.into()), BodyPart::PackageBytes(part.clone())]);
            }
            pieces.push_back(BodyPart::Delimiter(format!("\r\n--{boundary}--\r\n").into()));
        }
    }
    let length = pieces.iter().map(|piece| match piece {
        BodyPart::Delimiter(lines) => lines.len() as u64,
        BodyPart::PackageBytes(range) => range.end - range.start,
    });
    let length = length.sum();
    (pieces, length)
}

/// A body that is being sent.
pub(super) struct Transfer {
    reader: Option<Reader>,
    pieces: VecDeque<BodyPart>,
    monitor: TransferMonitor,
    sent: u64,
}

impl Transfer {
    pub(super) fn new(reader: Reader, pieces: VecDeque<BodyPart>, monitor: TransferMonitor) -> Self {
        Self { reader: Some(reader), pieces, monitor, sent: 0 }
    }

    /// Converts the body into a stream. An error cuts the connection, so that the client notices
    /// that bytes are missing.
    pub(super) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::unfold(self, |mut transfer| async move {
            let slice = transfer.next().await?;
            if slice.is_err() {
                transfer.pieces.clear();
            }
            Some((slice, transfer))
        })
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let (at, length) = match self.pieces.pop_front()? {
            BodyPart::Delimiter(lines) => return Some(Ok(lines)),
            BodyPart::PackageBytes(range) => (range.start, range.end - range.start),
        };
        let most = match self.monitor.admit_bytes(length).await {
            Ok(most) => most,
            Err(refusal) => return Some(Err(self.monitor.cut_off(&refusal, self.sent).await)),
        };
        match self.read(at, most).await {
            Ok(slice) => {
                let read = slice.len() as u64;
                self.sent += read;
                if read < length {
                    self.pieces.push_front(BodyPart::PackageBytes(at + read..at + length));
                }
                Some(Ok(slice))
            }
            Err(error) => Some(Err(self.monitor.cut_off_unreadable(&error, self.sent).await)),
        }
    }

    /// Reads a slice; on a thread of its own if the read may block.
    async fn read(&mut self, at: u64, most: u64) -> io::Result<Bytes> {
        let gone = || io::Error::other("the reader is gone");
        let mut reader = self.reader.take().ok_or_else(gone)?;
        let (reader, slice) = if reader.blocks() {
            tokio::task::spawn_blocking(move || {
                let slice = reader.read(at, most);
                (reader, slice)
            })
            .await?
        } else {
            let slice = reader.read(at, most);
            (reader, slice)
        };
        self.reader = Some(reader);
        slice
    }
}
