//! Certificates: the installation's own CA, the server's certificate, terminal certificates, and
//! who a client is by the one it presents.
//!
//! One directory holds `ca.pem`, `ca.key`, `server.pem` and `server.key`, made at the first start.
//! Clients trust `ca.pem`; its name constraints keep it from vouching for any real site. The
//! server's certificate is renewed under the same CA whenever it must be.

mod authority;
mod ca;
mod certificate;
mod client;
mod constraints;
mod error;
mod files;
mod name;
mod own;
mod remedy;
mod server;
mod terminal;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::Path;

pub use authority::{Authority, Made};
pub use certificate::CertificateDescription;
pub use client::ClientCertificate;
pub use error::TlsError;
pub(crate) use files::{Readers, write_new};
pub use name::NameFault;
pub use own::terminal_in;
pub use remedy::{Expected, Remedy};
pub use terminal::TerminalCertificate;

use name::Name;

/// Where the certificates are, and what the server's must carry.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions<'a> {
    /// The certificates' directory; made where it is missing.
    pub dir: &'a Path,
    /// `--tls-san`: DNS names or IP addresses.
    pub extra_names: &'a [String],
    /// The addresses the server binds to; unspecified ones (`0.0.0.0`, `::`) add no name.
    pub listen: &'a [IpAddr],
}

impl OpenOptions<'_> {
    fn names(&self) -> Result<Vec<Name>, TlsError> {
        let listen = self.listen.iter().filter(|address| !address.is_unspecified());
        let listen = listen.map(|address| Ok(Name::Address(*address)));
        self.extra_names.iter().map(|name| Name::parse(name)).chain(listen).collect()
    }
}

/// Whether the server asks clients for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// It does not.
    Off,
    /// It asks, takes whatever it gets, and goes on without one too.
    Asked,
}
