//! Both listeners: what a server hands over to have its requests answered, and how that begins
//! and ends.

use std::sync::Arc;

use reqwest::Url;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::accept::serve;
use super::app::App;
use super::connection::OnHandshakeError;
use super::router;
use super::traces::{NoExporter, Traces, traced};
use crate::app;
use crate::linkage::LinkageFolders;
use crate::listener::{Addresses, BodyLimits, Limits, Listener};

/// A socket that listens, and the TLS that is spoken on it.
pub struct Port {
    /// The socket.
    pub socket: TcpListener,
    /// Its TLS.
    pub tls: Arc<ServerConfig>,
}

/// What the listeners are made of.
pub struct Parts {
    /// What answers.
    pub app: Arc<app::App>,
    /// The linkage folders.
    pub linkage: LinkageFolders,
    /// Where what imitates the real system listens.
    pub backend: Port,
    /// Where the control API listens.
    pub control: Port,
    /// How clients reach both.
    pub addresses: Addresses,
    /// Limits of connections, per listener.
    pub limits: Limits,
    /// Limits of a request's body.
    pub body: BodyLimits,
    /// What opens the control API.
    pub control_token: String,
    /// The collector of traces; none: no spans are made.
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
    /// Readies both; nothing is accepted yet.
    ///
    /// # Errors
    /// No spans can be sent to the collector.
    pub fn new(parts: Parts) -> Result<Self, NoExporter> {
        let Parts { app, linkage, backend, control, addresses, limits, body, control_token, collector } = parts;
        let traces = collector.as_ref().map(Traces::new).transpose()?.map(Arc::new);
        let interface = router::interface(&addresses);
        let app = Arc::new(App::new(app, linkage, interface, addresses, control_token, body));
        Ok(Self { app, backend, control, limits, traces })
    }

    /// The socket of one of them.
    pub fn socket(&self, listener: Listener) -> &TcpListener {
        match listener {
            Listener::Backend => &self.backend.socket,
            Listener::Control => &self.control.socket,
        }
    }

    /// Answers requests until `stop` completes, then ends the streams and lets open requests finish
    /// within the grace period.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { app, backend, control, limits, traces } = self;
        let (running, stopping) = watch::channel(());
        let stopped = |mut stopping: watch::Receiver<()>| async move {
            // Nothing is ever sent: that the sender is gone is the message.
            let _ = stopping.changed().await;
        };
        let routes = traced(router::backend(Arc::clone(&app)), traces.as_ref());
        let on_handshake_error = noting(&app, Listener::Backend);
        let backend = serve(backend.socket, backend.tls, routes, limits, on_handshake_error, stopped(stopping.clone()));
        let routes = traced(router::control(Arc::clone(&app)), traces.as_ref());
        let on_handshake_error = noting(&app, Listener::Control);
        let control = serve(control.socket, control.tls, routes, limits, on_handshake_error, stopped(stopping));
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

/// Notes the failed handshakes of a listener.
fn noting(app: &Arc<App>, listener: Listener) -> OnHandshakeError {
    let app = Arc::clone(app);
    Box::new(move |peer, fault| app.note_handshake(listener, peer, fault))
}
