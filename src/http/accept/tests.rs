//! Tests of the accept loop and its connections over real sockets.

use axum::{
    Extension,
    body::Body,
    http::{Version, header},
    response::IntoResponse,
    routing::{get, post},
};
use futures_util::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, interval},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    super::connection::{Connection, HTTPS_REQUIRED, HandshakeStep},
    *,
};
use crate::tls::HandshakeError;

mod bodies;
mod draining;
mod faults;

/// The maximum time to wait for something that should happen before a test fails.
const TIMEOUT: Duration = Duration::from_secs(20);

const SHORT: Duration = Duration::from_millis(600);

/// The size of a body that does not fit into the buffers of the kernel.
const LARGE: usize = 512 * 1024;

type Issuer = CertifiedIssuer<'static, KeyPair>;

struct Server {
    address: SocketAddr,
    issuer: Issuer,
    faults: mpsc::UnboundedReceiver<HandshakeError>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router, limits: Limits) -> Self {
        Self::start_with(router, limits, false).await
    }

    async fn start_with(router: Router, limits: Limits, client_certificate_required: bool) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = Issuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let (certificate, key) = issue(&issuer);
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[&TLS12, &TLS13]).unwrap();
        let builder = if client_certificate_required {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(&issuer)), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let mut tls = builder.with_single_cert(vec![certificate], key).unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (faulty, faults) = mpsc::unbounded_channel();
        let on_handshake_step = Box::new(move |_, step| {
            if let HandshakeStep::Failed(fault) = step {
                drop(faulty.send(fault));
            }
        });
        let serving = tokio::spawn(serve(listener, Arc::new(tls), router, limits, on_handshake_step, async {
            let _ = stopped.await;
        }));
        Self { address, issuer, faults, stop: Some(stop), serving }
    }

    fn client(&self, version: &'static SupportedProtocolVersion, alpn: &str) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_protocol_versions(&[version]).unwrap();
        let mut config = builder.with_root_certificates(roots(&self.issuer)).with_no_client_auth();
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        config
    }

    /// Creates a client of an HTTP library. It needs no resolver to find the server.
    fn library_client(&self, alpn: &str) -> reqwest::Client {
        let builder = reqwest::Client::builder().tls_backend_preconfigured(self.client(&TLS13, alpn));
        builder.resolve("localhost", self.address).no_proxy().build().unwrap()
    }

    /// Opens a plain TCP connection. Its send buffer is small, so that writing a large body has to
    /// wait until the server reads, as over a real network.
    async fn connect_bare(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_send_buffer_size(64 * 1024)?;
        socket.connect(self.address).await
    }

    async fn connect_with(&self, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
        TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), self.connect_bare().await?).await
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        self.connect_with(self.client(&TLS13, "http/1.1")).await.unwrap()
    }

    /// Sends one request on a new connection, as a client that meets all requirements.
    async fn ask(&self, path: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request(path).as_bytes()).await.unwrap();
        text(&mut stream).await
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    async fn ended(self) {
        timeout(TIMEOUT, self.serving).await.expect("serve returns").unwrap();
    }
}

fn issue(issuer: &Issuer) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

fn roots(issuer: &Issuer) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    roots
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// Reads everything until the other end closes the connection without an error.
async fn text(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut text = String::new();
    timeout(TIMEOUT, stream.read_to_string(&mut text)).await.expect("the connection ends").expect("and ends in order");
    text
}

/// Waits until the other end has closed the connection, with or without an error.
async fn wait_until_closed(stream: &mut (impl AsyncReadExt + Unpin)) {
    let ended = async { while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {} };
    timeout(TIMEOUT, ended).await.expect("the connection ends");
}

fn hello_router() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

#[tokio::test]
async fn an_answer_survives_bytes_nobody_read() {
    let first_ten = |body: Body| async {
        let mut body = body.into_data_stream();
        assert_eq!(body.next().await.unwrap().unwrap().len(), 10);
        ([(header::CONNECTION, "close")], "read ten")
    };
    let router = Router::new()
        .route("/ten", post(first_ten))
        .route("/none", post(|| async { ([(header::CONNECTION, "close")], "read none") }))
        .route("/refused", post(|_: Body| async { (axum::http::StatusCode::PAYLOAD_TOO_LARGE, "too large") }));
    let server = Server::start(router, Limits::default()).await;
    let tail = vec![b'x'; LARGE];
    for version in [&TLS12, &TLS13] {
        for (path, length, answer) in
            [("ten", 10, "read ten"), ("none", 10, "read none"), ("none", LARGE, "read none"), ("refused", LARGE, "too large")]
        {
            let mut stream = server.connect_with(server.client(version, "http/1.1")).await.unwrap();
            stream
                .write_all(format!("POST /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n0123456789").as_bytes())
                .await
                .unwrap();
            stream.write_all(&tail).await.unwrap();
            stream.flush().await.unwrap();
            let text = text(&mut stream).await;
            assert!(text.ends_with(answer), "{path} {length} over {version:?}: {text}");
        }
    }
}

#[tokio::test]
async fn a_silent_client_is_dropped_and_delays_nobody() {
    let server = Server::start(hello_router(), Limits { handshake_timeout: SHORT, ..Limits::default() }).await;
    let connected = Instant::now();
    let mut silent = server.connect_bare().await.unwrap();
    assert!(server.ask("/").await.ends_with("hello"));
    assert_eq!(silent.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock, "the silent one is still connected");
    wait_until_closed(&mut silent).await;
    assert!(connected.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_handshake_that_trickles_in_is_dropped() {
    let server = Server::start(hello_router(), Limits { handshake_timeout: SHORT, ..Limits::default() }).await;
    let mut session = rustls::ClientConnection::new(Arc::new(server.client(&TLS13, "h2")), "localhost".try_into().unwrap()).unwrap();
    let mut hello = Vec::new();
    session.write_tls(&mut hello).unwrap();
    let mut stream = server.connect_bare().await.unwrap();
    trickle(&mut stream, &hello).await;
}

#[tokio::test]
async fn a_header_that_trickles_in_is_dropped() {
    let server = Server::start(hello_router(), Limits { header_timeout: SHORT, ..Limits::default() }).await;
    let endless = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(10_000));
    trickle(&mut server.connect().await, endless.as_bytes()).await;

    // The same after a first response on the connection.
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
    trickle(&mut stream, endless.as_bytes()).await;
}

/// Sends single bytes, far too slowly for any time-out, until the other end closes the connection.
async fn trickle(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin), bytes: &[u8]) {
    let mut pause = interval(SHORT / 12);
    let mut bytes = bytes.iter();
    let mut answer = [0; 1024];
    let trickled = async {
        loop {
            tokio::select! {
                read = stream.read(&mut answer) => if !matches!(read, Ok(1..)) { break },
                _ = pause.tick() => {
                    let byte = *bytes.next().expect("dropped long before all is sent");
                    if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() { break }
                }
            }
        }
    };
    timeout(TIMEOUT, trickled).await.expect("the connection ends");
}

#[tokio::test]
async fn a_client_that_says_nothing_after_its_handshake_is_dropped() {
    let server = Server::start(hello_router(), Limits { header_timeout: SHORT, ..Limits::default() }).await;
    for alpn in ["h2", "http/1.1"] {
        let connected = Instant::now();
        let mut stream = server.connect_with(server.client(&TLS13, alpn)).await.unwrap();
        wait_until_closed(&mut stream).await;
        assert!(connected.elapsed() >= SHORT, "{alpn}");
    }
}

#[tokio::test]
async fn a_limit_refuses_one_more_and_admits_again_when_one_has_left() {
    for limits in [Limits { max_connections_per_address: 2, ..Limits::default() }, Limits { max_connections: 2, ..Limits::default() }] {
        let server = Server::start(hello_router(), limits).await;
        let mut served = server.connect().await;
        let plain = server.connect_bare().await.unwrap();
        server.connect_with(server.client(&TLS13, "http/1.1")).await.unwrap_err();

        served.write_all(request("/").as_bytes()).await.unwrap();
        assert!(text(&mut served).await.ends_with("hello"), "the refusal harms nobody else");
        drop((served, plain));
        let admitted = async {
            loop {
                if let Ok(stream) = server.connect_with(server.client(&TLS13, "http/1.1")).await {
                    break stream;
                }
            }
        };
        let mut admitted = timeout(TIMEOUT, admitted).await.unwrap();
        admitted.write_all(request("/").as_bytes()).await.unwrap();
        assert!(text(&mut admitted).await.ends_with("hello"));
    }
}

#[tokio::test]
async fn plain_http_is_told_to_use_https() {
    let server = Server::start(hello_router(), Limits::default()).await;
    for request in [request("/"), format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LARGE}\r\n\r\n{}", "x".repeat(LARGE))] {
        let mut stream = server.connect_bare().await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let text = text(&mut stream).await;
        assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"), "{text}");
        assert!(text.ends_with(HTTPS_REQUIRED), "{text}");
    }
}

#[tokio::test]
async fn http2_is_spoken_where_the_client_offers_it() {
    let server = Server::start(hello_router(), Limits::default()).await;
    let client = server.library_client("h2");
    let answer = client.get(format!("https://localhost:{}/", server.address.port())).send().await.unwrap();
    assert_eq!((answer.version(), answer.text().await.unwrap().as_str()), (Version::HTTP_2, "hello"));
}

#[tokio::test]
async fn each_request_knows_who_is_at_the_other_end() {
    let who = |Extension(connection): Extension<Arc<Connection>>| async move {
        format!("{} {}", connection.peer, connection.client_certificates.as_ref().map_or(0, Vec::len))
    };
    for certificates in [0, 1] {
        let server = Server::start_with(Router::new().route("/", get(who)), Limits::default(), certificates == 1).await;
        let mut config = server.client(&TLS13, "http/1.1");
        if certificates == 1 {
            let (certificate, key) = issue(&server.issuer);
            let builder = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_protocol_versions(&[&TLS13]).unwrap();
            config = builder.with_root_certificates(roots(&server.issuer)).with_client_auth_cert(vec![certificate], key).unwrap();
        }
        let mut stream = server.connect_with(config).await.unwrap();
        let peer = stream.get_ref().0.local_addr().unwrap();
        stream.write_all(request("/").as_bytes()).await.unwrap();
        let text = text(&mut stream).await;
        assert!(text.ends_with(&format!("\r\n{peer} {certificates}")), "{text}");
    }
}

#[tokio::test]
async fn a_client_without_its_certificate_reads_the_alert_that_says_so() {
    let server = Server::start_with(hello_router(), Limits::default(), true).await;
    let mut stream = server.connect().await;
    // In TLS 1.3 the client completes its handshake first, so it is already sending its request
    // when the alert arrives.
    stream.write_all(&vec![b'x'; LARGE]).await.unwrap();
    let error = timeout(TIMEOUT, stream.read(&mut [0])).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
}

#[tokio::test]
async fn a_panicking_handler_answers_500() {
    let panics = || async {
        if true {
            panic!("on purpose")
        }
    };
    let server = Server::start(hello_router().route("/panic", get(panics)), Limits::default()).await;
    assert!(server.ask("/panic").await.starts_with("HTTP/1.1 500 "));
    assert!(server.ask("/").await.ends_with("hello"));
}
