//! Certificates: the installation's own CA, the server's certificate, terminal certificates,
//! and the identification of clients by the certificate they present.
//!
//! One directory holds `ca.pem`, `ca.key`, `server.pem` and `server.key`, created at the first
//! start. Clients trust `ca.pem`, whose name constraints prevent it from certifying any real
//! site. The server's certificate is renewed under the same CA when necessary.

mod authority;
mod ca;
mod certificate;
mod client;
mod constraints;
mod error;
mod file_remedy;
mod files;
mod handshake_error;
mod name;
mod own;
mod pkcs12;
mod server;
mod terminal;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::Path;

pub use authority::{Authority, CreatedFiles};
pub use certificate::CertificateDescription;
pub use client::ClientCertificate;
pub use error::TlsError;
pub use file_remedy::{Expected, Remedy};
pub(crate) use files::{Readers, write_new};
pub use handshake_error::HandshakeError;
pub use name::InvalidName;
pub use own::terminal_in;
pub use terminal::TerminalCertificate;

use name::Name;

/// The location of the certificates, and the names that the server's certificate must contain.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions<'a> {
    /// The certificates' directory; created if it does not exist.
    pub dir: &'a Path,
    /// The `--tls-san` values: DNS names or IP addresses.
    pub extra_names: &'a [String],
    /// The addresses the server binds to; unspecified ones (`0.0.0.0`, `::`) add no name.
    pub listen: &'a [IpAddr],
    /// The kind of CA to create if there is none.
    pub new_ca: NewCa,
}

/// The kind of CA to create.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NewCa {
    /// The kind of its key and of the keys of its certificates.
    pub key: KeyKind,
    /// Whether to create it without name constraints, so that it can certify any name.
    pub unconstrained: bool,
}

/// The kinds of keys that a CA can be created with.
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

/// The kinds of names that a CA constrains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameConstraints {
    /// DNS names only; every address is permitted.
    DnsNames,
    /// Addresses too: a CA of an earlier version. OpenSSL 1.0.2 cannot verify the certificates
    /// that it issues.
    DnsNamesAndAddresses,
    /// None: the CA was created so on request.
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
    /// It does not ask.
    Off,
    /// It asks, accepts any certificate, and continues without one.
    Asked,
}
