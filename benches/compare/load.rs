//! The load: a few TLS connections that send the next request as soon as they have a response. It
//! reads of a response only what it needs to find its end. It never sleeps: waking it would cost
//! the server an interrupt per response.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A client's addresses and TLS configuration.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) addresses: Vec<String>,
    tls: TlsConnector,
    /// The number of the next request of [`Client::rate`], which continues where the last call
    /// stopped.
    next: Arc<AtomicUsize>,
}

impl Client {
    /// Creates a client that trusts a CA. `own` is its certificate and key as PEM, if it presents
    /// one. No session is resumed.
    pub(crate) fn new(addresses: Vec<String>, ca: &[u8], own: Option<(&[u8], &[u8])>) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = match own {
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate).unwrap()];
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key).unwrap()).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.resumption = rustls::client::Resumption::disabled();
        Self { addresses, tls: TlsConnector::from(Arc::new(config)), next: Arc::default() }
    }

    async fn connect(&self, number: usize) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(&self.addresses[number % self.addresses.len()]).await.unwrap();
        stream.set_nodelay(true).unwrap();
        self.tls.connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.unwrap()
    }

    /// Sends one request and returns the response's body.
    pub(crate) async fn once(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect(0).await;
        let mut buffer = Vec::new();
        let (head, length) = exchange(&mut stream, request, &mut buffer).await;
        buffer[head..head + length].to_vec()
    }

    /// Sends requests one after the other over one connection.
    pub(crate) async fn each(&self, requests: impl Iterator<Item = Vec<u8>>) {
        let mut stream = self.connect(0).await;
        let mut buffer = Vec::new();
        for request in requests {
            exchange(&mut stream, &request, &mut buffer).await;
        }
    }

    /// Returns the requests per second over some connections. The requests are sent in turn,
    /// repeatedly, from where the last call stopped.
    pub(crate) async fn rate(&self, connections: usize, time: Duration, requests: &Arc<Vec<Vec<u8>>>) -> f64 {
        let mut workers = JoinSet::new();
        let until = Instant::now() + time;
        let ticker = tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        for number in 0..connections {
            let (client, requests) = (self.clone(), Arc::clone(requests));
            workers.spawn(async move {
                let mut stream = client.connect(number).await;
                let (mut buffer, mut done) = (Vec::with_capacity(8 * 1024), 0_u64);
                while Instant::now() < until {
                    let next = client.next.fetch_add(1, Ordering::Relaxed);
                    exchange(&mut stream, &requests[next % requests.len()], &mut buffer).await;
                    done += 1;
                }
                done
            });
        }
        let mut done = 0;
        while let Some(asked) = workers.join_next().await {
            done += asked.unwrap();
        }
        ticker.abort();
        done as f64 / time.as_secs_f64()
    }

    /// Returns the MiB per second of consecutive responses over one connection.
    pub(crate) async fn throughput(&self, time: Duration, request: &[u8]) -> f64 {
        let mut stream = self.connect(0).await;
        let (began, mut bytes, mut buffer) = (Instant::now(), 0, vec![0; 256 * 1024]);
        while began.elapsed() < time {
            stream.write_all(request).await.unwrap();
            stream.flush().await.unwrap();
            let mut head = Vec::with_capacity(16 * 1024);
            let length = exchange_head(&mut stream, &mut head).await;
            let mut left = length - (head.len() - end_of_head(&head).unwrap());
            while left > 0 {
                let read = stream.read(&mut buffer).await.unwrap();
                assert!(read > 0, "the connection closed with {left} bytes to come");
                left -= read;
            }
            bytes += length;
        }
        bytes as f64 / (1024.0 * 1024.0) / began.elapsed().as_secs_f64()
    }

    /// Returns the full handshakes per second. Each ends when the server has closed its side.
    pub(crate) async fn handshakes(&self, connections: usize, time: Duration) -> f64 {
        let mut workers = JoinSet::new();
        let until = Instant::now() + time;
        for number in 0..connections {
            let client = self.clone();
            workers.spawn(async move {
                let mut done = 0_u64;
                while Instant::now() < until {
                    let mut stream = client.connect(number).await;
                    stream.shutdown().await.unwrap();
                    // With or without a closing message: the server has finished with the
                    // connection.
                    let _ = stream.read(&mut [0; 1]).await;
                    done += 1;
                }
                done
            });
        }
        let mut done = 0;
        while let Some(shaken) = workers.join_next().await {
            done += shaken.unwrap();
        }
        done as f64 / time.as_secs_f64()
    }
}

/// Sends a request and reads its whole response into the buffer. Returns start and length of the
/// body.
async fn exchange(stream: &mut TlsStream<TcpStream>, request: &[u8], buffer: &mut Vec<u8>) -> (usize, usize) {
    stream.write_all(request).await.unwrap();
    buffer.clear();
    let length = exchange_head(stream, buffer).await;
    let head = end_of_head(buffer).unwrap();
    while buffer.len() < head + length {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the connection closed");
    }
    (head, length)
}

/// Reads at least the head of a response. Returns its Content-Length.
async fn exchange_head(stream: &mut TlsStream<TcpStream>, buffer: &mut Vec<u8>) -> usize {
    while end_of_head(buffer).is_none() {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the connection closed");
    }
    let head = std::str::from_utf8(&buffer[..end_of_head(buffer).unwrap()]).unwrap();
    assert!(head.starts_with("HTTP/1.1 2"), "{head}");
    let length = head.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("content-length")));
    length.unwrap().1.parse().unwrap()
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}
