//! One connection, from its first byte to its close: the TLS handshake, then HTTP/1.1 or HTTP/2.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use axum::{
    BoxError, Router,
    response::{IntoResponse, Response},
};
use hyper::{Request, StatusCode, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use rustls::pki_types::CertificateDer;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt;

use super::{
    body_budget::{BodyBudget, CountedRequestBody},
    first_read_stream::FirstReadStream,
    large_head_stream::{LargeHeadStream, MAX_HEAD_SIZE},
    lingering_stream::LingeringStream,
    unread_body::{SharedRequestBody, UnreadBody},
};
use crate::domain::handshake::Cause;
use crate::listener::Limits;
use crate::tls::HandshakeError;

/// The response to plain HTTP.
pub(super) const HTTPS_REQUIRED: &str = "\
このポートは HTTPS 専用です。URL を https:// で始めてください。
This port speaks HTTPS only: use a URL that begins with https://.
";

/// The client of a connection. Each request has it in its extensions, as an [`Arc`].
#[derive(Debug)]
pub struct Connection {
    /// The client's address, or that of the last proxy or router before this server.
    pub peer: SocketAddr,
    /// The verified certificate chain that the client presented, its own certificate first; `None`
    /// if it presented none.
    pub client_certificates: Option<Vec<CertificateDer<'static>>>,
}

/// Marks a response, by its extensions, as one that is never sent. The variants say what happens
/// instead over HTTP/1; over HTTP/2 the stream is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a handler gave no answer, on purpose")]
pub enum NoResponse {
    /// The connection is closed.
    Closed,
    /// The connection is reset (TCP RST).
    Reset,
}

/// Delays a response, by its extensions. The delay ends early when the client disconnects or the
/// server stops.
#[derive(Clone, Copy, Debug)]
pub struct ResponseDelay(pub Duration);

/// How far a connection came before its first request.
#[derive(Clone, Debug)]
pub enum HandshakeStep {
    /// The connection was accepted.
    Accepted,
    /// The TLS handshake was completed.
    Completed,
    /// The TLS handshake failed.
    Failed(HandshakeError),
}

/// The callback for each step of a connection, with the client's address.
pub type OnHandshakeStep = Box<dyn Fn(SocketAddr, HandshakeStep) + Send + Sync>;

/// The connection handler of a listener, which all its connections share.
pub(super) struct ConnectionHandler {
    tls: TlsAcceptor,
    http: auto::Builder<TokioExecutor>,
    router: Router,
    limits: Limits,
    on_handshake_step: OnHandshakeStep,
}

impl ConnectionHandler {
    pub(super) fn new(tls: Arc<rustls::ServerConfig>, router: Router, limits: Limits, on_handshake_step: OnHandshakeStep) -> Self {
        let mut http = auto::Builder::new(TokioExecutor::new());
        // Without a timer, the time-outs of hyper have no effect.
        http.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(MAX_HEAD_SIZE);
        http.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10))
            .max_concurrent_streams(64)
            .max_header_list_size(16 * 1024)
            .max_pending_accept_reset_streams(20)
            // Counted over the whole connection: an honest client, too, has some in the course of
            // hours, by large bodies that no handler read (see `unread_body`).
            .max_local_error_reset_streams(1024);
        Self { tls: tls.into(), http, router, limits, on_handshake_step }
    }

    /// Handles one connection until the client disconnects or exceeds a limit; or until the sender
    /// of `draining` is dropped and open requests are answered.
    pub(super) async fn handle(&self, stream: TcpStream, peer: SocketAddr, budget: &BodyBudget, mut draining: watch::Receiver<()>) {
        (self.on_handshake_step)(peer, HandshakeStep::Accepted);
        let opened = tokio::select! {
            opened = self.open(stream) => opened,
            _ = draining.changed() => return,
        };
        let ended = match opened {
            Ok(Some(stream)) => {
                (self.on_handshake_step)(peer, HandshakeStep::Completed);
                self.serve_requests(stream, peer, budget, draining).await
            }
            Ok(None) => return,
            Err(error) => {
                (self.on_handshake_step)(peer, HandshakeStep::Failed(HandshakeError::of(&error)));
                Err(error.into())
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, error, "connection ended early");
        }
    }

    /// Runs the TLS handshake, or responds with an explanation to plain HTTP. `None` if the client
    /// closes the connection without sending a byte, as a port check does.
    async fn open(&self, stream: TcpStream) -> io::Result<Option<TlsStream<LingeringStream>>> {
        let deadline = Instant::now() + self.limits.handshake_timeout;
        stream.set_nodelay(true)?;

        // A TLS connection starts with the byte 0x16, a plain HTTP request with the first letter of
        // its method.
        let mut first = [0];
        let Ok(1) = timeout_at(deadline, stream.peek(&mut first)).await? else {
            return Ok(None);
        };
        let mut stream = LingeringStream::new(stream);
        if first[0].is_ascii_alphabetic() {
            let length = HTTPS_REQUIRED.len();
            let head = format!(
                "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"
            );
            // The error is the same, whether or not the client reads the explanation.
            let _ = stream.write_all(format!("{head}{HTTPS_REQUIRED}").as_bytes()).await;
            let _ = stream.shutdown().await;
            return Err(io::Error::new(io::ErrorKind::InvalidData, HandshakeError::from(Cause::PlainHttp)));
        }

        match timeout_at(deadline, self.tls.accept(stream).into_fallible()).await? {
            Ok(stream) => Ok(Some(stream)),
            Err((error, mut stream)) => {
                // This sends the alert that names the error. The connection stays open until the
                // client, which may still be sending its request, can have read it.
                let _ = stream.shutdown().await;
                Err(error)
            }
        }
    }

    /// Answers the requests of one connection.
    async fn serve_requests(
        &self,
        stream: TlsStream<LingeringStream>,
        peer: SocketAddr,
        budget: &BodyBudget,
        mut draining: watch::Receiver<()>,
    ) -> Result<(), BoxError> {
        let session = stream.get_ref().1;
        let http2 = session.alpn_protocol() == Some(b"h2");
        let http = if http2 { self.http.clone().http2_only() } else { self.http.clone().http1_only() };
        let connection = Arc::new(Connection { peer, client_certificates: session.peer_certificates().map(<[_]>::to_vec) });
        let (asked, reset) = (AtomicBool::new(false), stream.get_ref().0.reset());
        let (stream, first_read) = FirstReadStream::new(stream);
        let service = service_fn(|mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(Arc::clone(&connection));
            let (unread, request) = UnreadBody::of(request.map(|body| CountedRequestBody::new(body, budget.clone())));
            // Over HTTP/1 the library reads or ends what is left when the handler drops the body.
            let unread = http2.then_some(unread);
            let answered = answer(self.router.clone(), request);
            let (reset, budget) = (Arc::clone(&reset), budget.clone());
            async move {
                let answered = answered.await;
                if !http2 && answered.as_ref().is_err_and(|no_answer| *no_answer == NoResponse::Reset) {
                    reset.store(true, Ordering::Relaxed);
                }
                // Counted before anything else is waited for.
                let answered = answered.map(|response| budget.of_response(response));
                if let Some(unread) = unread
                    && answered.is_ok()
                {
                    unread.read().await;
                }
                answered
            }
        });

        let mut exchanges = pin!(http.serve_connection(TokioIo::new(LargeHeadStream::new(stream)), service));
        let mut conversation = pin!(async {
            tokio::select! {
                ended = exchanges.as_mut() => ended,
                _ = draining.changed() => {
                    exchanges.as_mut().graceful_shutdown();
                    exchanges.await
                }
            }
        });
        // The time-out of hyper covers a slow header over HTTP/1, but not a client that negotiates
        // HTTP/2 and then sends nothing.
        let ended = match timeout(self.limits.header_timeout, conversation.as_mut()).await {
            Ok(ended) => ended,
            Err(_) if asked.load(Ordering::Relaxed) => conversation.await,
            Err(elapsed) => Err(elapsed.into()),
        };
        if let Some(Some(fault)) = first_read.get() {
            (self.on_handshake_step)(peer, HandshakeStep::Failed(fault.clone()));
        }
        ended
    }
}

/// Returns the router's response. Without catching it, a panic would end the HTTP/1 connection, or
/// reset the HTTP/2 stream, without a response.
async fn answer(router: Router, request: Request<SharedRequestBody>) -> Result<Response, NoResponse> {
    let mut answer = pin!(router.oneshot(request));
    let answered: Result<Response, Infallible> = poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))).unwrap_or_else(|_| {
            tracing::error!("処理中に内部エラーが起きました / a handler panicked");
            Poll::Ready(Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response()))
        })
    })
    .await;
    let Ok(response) = answered;
    if let Some(ResponseDelay(time)) = response.extensions().get() {
        sleep(*time).await;
    }
    response.extensions().get::<NoResponse>().copied().map_or(Ok(response), Err)
}
