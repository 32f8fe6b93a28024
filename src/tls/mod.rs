//! Certificates: the installation's own CA, the server's certificate, terminal certificates, and
//! who a client is by the one it presents.
//!
//! One directory holds `ca.pem`, `ca.key`, `server.pem` and `server.key`, made at the first start.
//! Clients trust `ca.pem`; its name constraints keep it from vouching for any real site's name. The
//! server's certificate is renewed under the same CA whenever it must be.

mod authority;
mod ca;
mod certificate;
mod client;
mod constraints;
mod error;
mod files;
mod handshake_error;
mod name;
mod own;
mod pkcs12;
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
pub use handshake_error::HandshakeFault;
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
    /// How a CA is made, where there is none.
    pub new_ca: NewCa,
}

/// How a CA is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NewCa {
    /// Its key, and those of what it issues.
    pub key: KeyKind,
    /// Without name constraints it vouches for any name.
    pub unconstrained: bool,
}

/// The kinds of keys that a CA can be made with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyKind {
    /// ECDSA P-256: small and fast
    #[value(help = "ECDSA P-256（小さく高速） / ECDSA P-256: small and fast")]
    #[default]
    Ecdsa,
    /// RSA 2048: for stacks that take no ECDSA
    #[value(help = "RSA 2048（ECDSA に対応していない環境向け） / RSA 2048: for stacks that take no ECDSA")]
    Rsa,
}

/// What a CA's name constraints bear on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameConstraints {
    /// DNS names; any address is permitted.
    DnsNames,
    /// Addresses, too: made by an earlier version. OpenSSL 1.0.2 cannot verify what it issues.
    DnsNamesAndAddresses,
    /// Nothing: it was made so on request.
    None,
}

impl OpenOptions<'_> {
    fn names(&self) -> Result<Vec<Name>, TlsError> {
        let listen = self.listen.iter().filter(|address| !address.is_unspecified());
        let listen = listen.map(|address| Ok(Name::Address(*address)));
        let given = |name: &String| Name::parse(name).map_err(|fault| TlsError::Name { name: name.clone(), fault });
        self.extra_names.iter().map(given).chain(listen).collect()
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
