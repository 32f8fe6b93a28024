//! The two listeners, their addresses, and the limits of their clients.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Listener {
    /// The listener that imitates the real system.
    #[value(help = "実際のシステムを模したもの / what imitates the real system")]
    Backend,
    /// The listener that tests use to control the mock.
    #[value(help = "管理API / what test authors drive")]
    Control,
}

/// The addresses of both listeners.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// A URL, `https://…`.
    pub backend: String,
    /// A URL, `https://…`.
    pub control: String,
}

impl Default for Addresses {
    fn default() -> Self {
        Self { backend: "https://127.0.0.1:8443".to_owned(), control: "https://127.0.0.1:8444".to_owned() }
    }
}

/// The limits of one listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The maximum number of open connections, over all clients.
    pub max_connections: usize,
    /// The maximum number of open connections from one IP address. Not small by default, since
    /// a whole office or test run may share one.
    pub max_connections_per_address: usize,
    /// The maximum number of bytes of incomplete request bodies and unread response bodies, over
    /// all clients. The first 4 KiB of each body are not counted.
    pub max_body_bytes: usize,
    /// The same for the clients at one IP address. No smaller than the largest body.
    pub max_body_bytes_per_address: usize,
    /// From the accepted connection to the end of the TLS handshake.
    pub handshake_timeout: Duration,
    /// From the end of the handshake to the first complete request header; over HTTP/1 also
    /// from each answer to the next request's header, including idle time.
    pub header_timeout: Duration,
    /// How long requests in progress may take to finish once the server is told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 512,
            max_connections_per_address: 256,
            max_body_bytes: 256 * 1024 * 1024,
            max_body_bytes_per_address: 128 * 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// The limits of a request's body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The maximum size in bytes.
    pub max: usize,
    /// From the header to the last byte.
    pub timeout: Duration,
}
