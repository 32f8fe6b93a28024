//! Both listeners: their parts, their start and their end.

use std::sync::Arc;

use reqwest::Url;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::accept::serve;
use super::app::App;
use super::connection::OnHandshakeStep;
use super::router;
use super::traces::{NoExporter, Traces, with_traces};
use crate::app;
use crate::linkage::LinkageFolders;
use crate::listener::{Addresses, BodyLimits, Limits, Listener};

/// A listening socket and its TLS configuration.
pub struct Port {
    /// The socket.
    pub socket: TcpListener,
    /// The TLS configuration.
    pub tls: Arc<ServerConfig>,
}

/// The parts of the listeners.
pub struct Parts {
    /// The application that answers the requests.
    pub app: Arc<app::App>,
    /// The linkage folders.
    pub linkage: LinkageFolders,
    /// The port of the backend, which imitates the real system.
    pub backend: Port,
    /// The port of the control API.
    pub control: Port,
    /// The addresses of both listeners, for clients.
    pub addresses: Addresses,
    /// The limits of connections, per listener.
    pub limits: Limits,
    /// The limits of request bodies.
    pub body: BodyLimits,
    /// The maximum number of open event streams.
    pub max_streams: usize,
    /// The collector of traces; without one no spans are created.
    pub collector: Option<Url>,
}

/// Both listeners, ready to run.
pub struct Listeners {
    app: Arc<App>,
    backend: Port,
    control: Port,
    limits: Limits,
    traces: Option<Arc<Traces>>,
}

impl Listeners {
    /// Prepares both listeners. They do not accept connections yet.
    ///
    /// # Errors
    /// No exporter for the collector can be created.
    pub fn new(parts: Parts) -> Result<Self, NoExporter> {
        let Parts { app, linkage, backend, control, addresses, limits, body, max_streams, collector } = parts;
        let traces = collector.as_ref().map(Traces::new).transpose()?.map(Arc::new);
        let interface = router::interface(&addresses);
        let app = Arc::new(App::new(app, linkage, interface, addresses, body, max_streams));
        Ok(Self { app, backend, control, limits, traces })
    }

    /// Returns the socket of a listener.
    pub fn socket(&self, listener: Listener) -> &TcpListener {
        match listener {
            Listener::Backend => &self.backend.socket,
            Listener::Control => &self.control.socket,
        }
    }

    /// Answers requests until `stop` completes, then ends the event streams and waits for open
    /// requests within the grace period.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { app, backend, control, limits, traces } = self;
        let (running, stopping) = watch::channel(());
        let stopped = |mut stopping: watch::Receiver<()>| async move {
            // Nothing is sent over this channel. Dropping the sender stops the listeners.
            let _ = stopping.changed().await;
        };
        let routes = with_traces(router::backend(Arc::clone(&app)), traces.as_ref());
        let on_handshake_step = handshake_recorder(&app, Listener::Backend);
        let backend = serve(backend.socket, backend.tls, routes, limits, on_handshake_step, stopped(stopping.clone()));
        let routes = with_traces(router::control(Arc::clone(&app)), traces.as_ref());
        let on_handshake_step = handshake_recorder(&app, Listener::Control);
        let control = serve(control.socket, control.tls, routes, limits, on_handshake_step, stopped(stopping));
        tokio::join!(backend, control, async {
            stop.await;
            app.streams.close();
            drop(running);
        });
        if let Some(traces) = traces {
            traces.close().await;
        }
    }
}

/// Returns the callback that records how far the connections of a listener come.
fn handshake_recorder(app: &Arc<App>, listener: Listener) -> OnHandshakeStep {
    let app = Arc::clone(app);
    Box::new(move |peer, step| app.record_handshake_step(listener, peer, step))
}
