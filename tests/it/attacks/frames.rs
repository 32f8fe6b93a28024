//! HTTP/2 by hand (RFC 9113, RFC 7541): any frame, in any order, and nothing that a client would do
//! for its own good.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::attacked::Attacked;

/// Types of frames.
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

/// Flags.
pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// The setting that says how large the dynamic table of the server's field blocks may be.
pub(super) const HEADER_TABLE_SIZE: u16 = 1;
/// The setting that says how much the server may send on a stream.
pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;

/// The largest payload that is always allowed.
pub(super) const MAX_PAYLOAD: usize = 16 * 1024;

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The field block of a request with more fields, none of which is put in the table.
pub(super) fn head(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    // `:scheme: https` and the method have places in the static table, as have the names of
    // `:authority` and `:path`.
    let mut block = vec![0x87, if method == "GET" { 0x82 } else { 0x83 }, 0x01];
    block.extend(text("localhost"));
    block.push(0x04);
    block.extend(text(path));
    for (name, value) in more {
        block.push(0x00);
        block.extend(text(name));
        block.extend(text(value));
    }
    block
}

/// A string that is not compressed: its length with a prefix of seven bits, then itself.
pub(super) fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut length = text.len();
    if length < 127 {
        bytes.push(u8::try_from(length).unwrap());
    } else {
        bytes.push(127);
        length -= 127;
        while length >= 128 {
            bytes.push(u8::try_from(length % 128).unwrap() | 128);
            length /= 128;
        }
        bytes.push(u8::try_from(length).unwrap());
    }
    bytes.extend(text.as_bytes());
    bytes
}

/// The status of an answer, from a field block without a dynamic table. 200 has a place in the
/// static table; 503 is a literal in the Huffman code.
pub(super) fn status(block: &[u8]) -> u16 {
    // The first block may begin with the size of the dynamic table, 0.
    match block.strip_prefix(&[0x20]).unwrap_or(block) {
        [0x88, ..] => 200,
        // With indexing, without, never indexed.
        [0x48 | 0x08 | 0x18, 0x83, 0x6c, 0x0c, 0xff, ..] => 503,
        other => panic!("neither 200 nor 503: {:x?}", &other[..other.len().min(8)]),
    }
}

/// A connection on which the client's preface was sent.
pub(super) struct Http2 {
    stream: TlsStream<TcpStream>,
    /// What came of frames that are not complete or not read.
    received: Vec<u8>,
    /// How many bytes of bodies the server still takes.
    window: usize,
}

impl Http2 {
    /// None where the server refused the connection.
    pub(super) async fn open(attacked: &Attacked, listener: &str, settings: &[(u16, u32)]) -> Option<Self> {
        let mut stream = attacked.connect_tls(listener, "h2").await?;
        let payload: Vec<u8> = settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
        let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(SETTINGS, 0, 0, &payload)].concat();
        stream.write_all(&preface).await.ok()?;
        Some(Self { stream, received: Vec::new(), window: 65_535 })
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Sends bytes of a body that does not end with them, as fast as the server takes them.
    pub(super) async fn send_body(&mut self, stream: u32, length: usize) -> io::Result<()> {
        for _ in 0..length / MAX_PAYLOAD {
            while self.window < MAX_PAYLOAD {
                match self.read().await? {
                    (WINDOW_UPDATE, 0, increment) => self.window += u32::from_be_bytes(increment.try_into().unwrap()) as usize,
                    // Until this, each body may have 64 KiB only.
                    (SETTINGS, _, settings) if !settings.is_empty() => self.send(&frame(SETTINGS, ACK, 0, &[])).await?,
                    _ => {}
                }
            }
            self.window -= MAX_PAYLOAD;
            self.send(&frame(DATA, 0, stream, &[b' '; MAX_PAYLOAD])).await?;
        }
        Ok(())
    }

    /// Reads until the server has sent so many frames of a type, or has gone; whether they came.
    pub(super) async fn wait_for(&mut self, kind: u8, number: usize) -> bool {
        let mut seen = 0;
        while seen < number {
            let Ok((read, ..)) = self.read().await else { return false };
            seen += usize::from(read == kind);
        }
        true
    }

    /// Reads and answers each PING, for as long as the server keeps the connection. It ends one
    /// whose client does not answer.
    pub(super) async fn hold(&mut self) {
        while self.read_answering_pings().await.is_ok() {}
    }

    /// The status of the next answer. The connection has no dynamic table.
    pub(super) async fn next_status(&mut self) -> io::Result<u16> {
        loop {
            if let (HEADERS, _, block) = self.read_answering_pings().await? {
                return Ok(status(&block));
            }
        }
    }

    async fn read_answering_pings(&mut self) -> io::Result<(u8, u32, Vec<u8>)> {
        let read = self.read().await?;
        if let (PING, _, payload) = &read {
            self.send(&frame(PING, ACK, 0, payload)).await?;
        }
        Ok(read)
    }

    /// The type, the stream and the payload of the next frame. Nothing is lost where this is
    /// dropped before it comes.
    pub(super) async fn read(&mut self) -> io::Result<(u8, u32, Vec<u8>)> {
        loop {
            if let Some(read) = self.take_received() {
                return Ok(read);
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The first frame, if it is complete.
    fn take_received(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let (header, rest) = self.received.split_first_chunk::<9>()?;
        let length = usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2]);
        let (kind, stream) = (header[3], u32::from_be_bytes(header[5..].try_into().unwrap()));
        let payload = rest.get(..length)?.to_vec();
        self.received.drain(..header.len() + length);
        Some((kind, stream, payload))
    }
}
