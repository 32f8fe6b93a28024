//! A bare TLS connection, for what no well-behaved HTTP client sends.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{Mock, SEARCH};

/// What must not take long is given this long before a test fails.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection that trusts the installation's CA.
pub(crate) struct Raw(TlsStream<TcpStream>);

/// An answer as it came over HTTP/1.1.
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Raw {
    /// To the backend, TLS 1.3, HTTP/1.1.
    pub(crate) async fn backend(mock: &Mock) -> Self {
        Self::connect(mock, mock.backend, &rustls::version::TLS13, "http/1.1").await
    }

    /// To either listener; the protocol that was offered is the one that was chosen.
    pub(crate) async fn connect(mock: &Mock, address: SocketAddr, version: &'static SupportedProtocolVersion, alpn: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let stream = connector(&mock.ca_pem, version, alpn).connect("localhost".try_into().unwrap(), stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(alpn.as_bytes()));
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        Self(stream)
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Ends the sending half.
    pub(crate) async fn end(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// A check with a body of any bytes under any Content-Length.
    pub(crate) async fn search(&mut self, content_length: usize, body: &[u8]) {
        self.write(&post(SEARCH, content_length, "", body)).await;
    }

    /// Exactly this comes next.
    pub(crate) async fn comes(&mut self, bytes: &str) {
        let mut came = vec![0; bytes.len()];
        timeout(TIMEOUT, self.0.read_exact(&mut came)).await.expect("as much comes").unwrap();
        assert_eq!(String::from_utf8_lossy(&came), bytes);
    }

    /// All that comes until the other end closes in order: one answer.
    pub(crate) async fn answer(mut self) -> RawAnswer {
        let mut bytes = Vec::new();
        timeout(TIMEOUT, self.0.read_to_end(&mut bytes)).await.expect("the connection ends").expect("and ends in order");
        let mut answers = RawAnswer::parse(&String::from_utf8(bytes).unwrap());
        assert_eq!(answers.len(), 1, "one answer, then the end");
        answers.remove(0)
    }

    /// All that comes until the other end is gone, in order or not.
    pub(crate) async fn until_gone(mut self) -> String {
        let mut bytes = Vec::new();
        let ended = async { while matches!(self.0.read_buf(&mut bytes).await, Ok(1..)) {} };
        timeout(TIMEOUT, ended).await.expect("the connection ends");
        String::from_utf8(bytes).unwrap()
    }

    /// All that comes until the other end is gone, and the error with which it went.
    pub(crate) async fn ended(mut self) -> (String, Option<ErrorKind>) {
        let mut bytes = Vec::new();
        let ended = timeout(TIMEOUT, self.0.read_to_end(&mut bytes)).await.expect("the connection ends");
        (String::from_utf8(bytes).unwrap(), ended.err().map(|error| error.kind()))
    }

    /// As many answers as come until the other end closes in order.
    pub(crate) async fn answers(mut self) -> Vec<RawAnswer> {
        let mut bytes = Vec::new();
        timeout(TIMEOUT, self.0.read_to_end(&mut bytes)).await.expect("the connection ends").expect("and ends in order");
        RawAnswer::parse(&String::from_utf8(bytes).unwrap())
    }
}

/// Connects clients that trust this CA and nothing else, by one version of TLS and one protocol.
pub(crate) fn connector(ca_pem: &str, version: &'static SupportedProtocolVersion, alpn: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_protocol_versions(&[version]).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// A POST with a JSON body.
pub(crate) fn post(path: &str, content_length: usize, more_headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json;charset=UTF-8\r\n{more_headers}Content-Length: {content_length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

impl RawAnswer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}: no JSON: {}", self.status, self.body))
    }

    /// `ErrorCode` and `ErrorMessage` of a check's answer.
    pub(crate) fn error(&self) -> (String, String) {
        let header = &self.json()["XmlMsg"]["MessageHeader"];
        let text = |name: &str| header[name].as_str().unwrap_or_default().to_owned();
        (text("ErrorCode"), text("ErrorMessage"))
    }

    fn parse(mut text: &str) -> Vec<Self> {
        let mut answers = Vec::new();
        while !text.is_empty() {
            let (head, rest) = text.split_once("\r\n\r\n").expect("a whole header");
            let mut lines = head.split("\r\n");
            let status =
                lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok()).expect("a status line");
            let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned()));
            let headers: BTreeMap<_, _> = headers.collect();
            let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            assert!(rest.len() >= length, "the body is whole: {rest}");
            let (body, next) = rest.split_at(length);
            answers.push(Self { status, headers, body: body.to_owned() });
            text = next;
        }
        answers
    }
}
