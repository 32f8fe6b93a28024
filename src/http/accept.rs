//! The accept loop of a listener: accepts connections within limits, and waits for them when the
//! server stops.
//!
//! Everything that waits for a client happens in the task of its connection
//! ([`super::connection`]), so that a silent client does not block others.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

use super::body_budget::BodyBudget;
use super::connection::{ConnectionHandler, OnHandshakeStep};
use crate::listener::Limits;

/// Serves `router` over TLS until `shutdown` completes. Then waits for open requests, for at most
/// [`Limits::grace`], and returns.
///
/// The ALPN protocols of `tls` decide between HTTP/2 and HTTP/1.1; without any it is HTTP/1.1. Each
/// request has an [`Arc`] of its [`Connection`](super::connection::Connection) in its extensions.
/// Request handlers may be dropped at any await: when their client disconnects, and at the end of
/// the grace period. Dropping the returned future drops every connection.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    router: Router,
    limits: Limits,
    on_handshake_step: OnHandshakeStep,
    shutdown: impl Future<Output = ()>,
) {
    let handler = Arc::new(ConnectionHandler::new(tls, router, limits, on_handshake_step));
    let connection_counts = Arc::new(ConnectionCounts::new(&limits));
    // Nothing is sent over this channel. Dropping the sender starts the draining.
    let (running, draining) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => note_panic(ended),
            (stream, peer) = accept(&listener) => match connection_counts.admit(peer.ip(), &limits) {
                Ok(permit) => {
                    let handler = Arc::clone(&handler);
                    let draining = draining.clone();
                    connections.spawn(async move {
                        handler.handle(stream, peer, &permit.body_budget, draining).await;
                        drop(permit);
                    });
                }
                Err(reason) => tracing::warn!(%peer, reason, "接続を拒否しました / connection refused"),
            },
        }
    }

    drop(listener);
    drop(running);
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            note_panic(ended);
        }
    };
    if timeout(limits.grace, all_ended).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "猶予時間内に終わらなかった接続を切断しました / dropped what had not finished within the grace period"
        );
    }
}

/// Returns the next connection. Ignores errors of a single connection. Waits and retries after
/// other errors, such as a lack of file descriptors, since they go away when a connection ends.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut has_failed = false;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => {
                if !has_failed {
                    tracing::error!(%error, "現在、接続を受け付けられません / cannot accept connections for the moment");
                }
                has_failed = true;
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

fn note_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "接続の処理中に内部エラーが起きました / a connection's task panicked");
    }
}

/// The number of open connections, in total and by address, and the bytes that their bodies may
/// take.
struct ConnectionCounts {
    counts: Mutex<Counts>,
    body_bytes: Arc<Semaphore>,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, AddressCounts>,
}

struct AddressCounts {
    open: usize,
    body_bytes: Arc<Semaphore>,
}

impl ConnectionCounts {
    fn new(limits: &Limits) -> Self {
        Self { counts: Mutex::default(), body_bytes: Arc::new(Semaphore::new(limits.max_body_bytes)) }
    }

    /// Counts a connection until the returned permit is dropped. Returns the limit that is reached
    /// if it cannot be admitted.
    fn admit(self: &Arc<Self>, address: IpAddr, limits: &Limits) -> Result<ConnectionPermit, &'static str> {
        let address = address.to_canonical();
        let mut counts = self.counts();
        if counts.total >= limits.max_connections {
            return Err("as many connections are open as the server allows");
        }
        if counts.by_address.get(&address).is_some_and(|of_address| of_address.open >= limits.max_connections_per_address) {
            return Err("as many connections are open as the server allows one address");
        }
        counts.total += 1;
        let of_address = counts
            .by_address
            .entry(address)
            .or_insert_with(|| AddressCounts { open: 0, body_bytes: Arc::new(Semaphore::new(limits.max_body_bytes_per_address)) });
        of_address.open += 1;
        let body_budget = BodyBudget::new(Arc::clone(&of_address.body_bytes), Arc::clone(&self.body_bytes));
        Ok(ConnectionPermit { connection_counts: Arc::clone(self), address, body_budget })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The permit of an admitted connection, released on drop.
struct ConnectionPermit {
    connection_counts: Arc<ConnectionCounts>,
    address: IpAddr,
    body_budget: BodyBudget,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.connection_counts.counts();
        counts.total -= 1;
        if let Some(of_address) = counts.by_address.get_mut(&self.address) {
            of_address.open -= 1;
            if of_address.open == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests;
