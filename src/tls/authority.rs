//! The installation's certificates: opens the directory, creates what is missing, and
//! configures TLS.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};

use super::ca::{self, Ca};
use super::client::{ClientCertificate, TerminalVerifier};
use super::error::{TlsError, init_command};
use super::file_remedy::Remedy;
use super::name::Name;
use super::server::{self, Server};
use super::terminal::TerminalCertificate;
use super::{CertificateDescription, ClientAuth, KeyKind, NameConstraints, OpenOptions, files};
use crate::domain::ids::TerminalAddress;

/// What an opening created because it was missing or had to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreatedFiles {
    /// A CA, which clients have to be told to trust.
    pub ca: bool,
    /// A server certificate. Under an existing CA, clients need no change.
    pub server: bool,
}

/// The installation's CA and server certificate with their keys, loaded into memory.
#[derive(Debug)]
pub struct Authority {
    ca: Ca,
    server: Server,
    made: CreatedFiles,
    provider: Arc<CryptoProvider>,
    verifier: Arc<TerminalVerifier>,
}

impl Authority {
    /// Opens the directory and creates what is missing. Renews the server's certificate if it
    /// lacks a name, or if fewer than 30 of its 820 days remain. Never renews the CA.
    ///
    /// # Errors
    /// A name is invalid, or the CA does not permit it; a file is damaged, does not match the
    /// others, or cannot be read or written; the CA is not valid at `now`.
    pub fn open_or_create(options: OpenOptions<'_>, now: Timestamp) -> Result<Self, TlsError> {
        let names = options.names()?;
        let _lock = files::lock(options.dir)?;
        Self::complete(options, &names, now)
    }

    /// Replaces the CA by a new one, and creates a server certificate under it. Clients have to
    /// trust the new `ca.pem`; terminal certificates of the old CA no longer count.
    ///
    /// # Errors
    /// A name is invalid, or a file cannot be written.
    pub fn recreate(options: OpenOptions<'_>, now: Timestamp) -> Result<Self, TlsError> {
        let names = options.names()?;
        let _lock = files::lock(options.dir)?;
        // In this order, so that a start after a kill in between finds files that match.
        for file in [server::CERTIFICATE, server::KEY, ca::CERTIFICATE, ca::KEY] {
            files::remove(&options.dir.join(file))?;
        }
        Self::complete(options, &names, now)
    }

    /// Opens the directory without writing to it and without checking dates.
    ///
    /// # Errors
    /// [`TlsError::NothingThere`] if a certificate is missing; a file is damaged, does not
    /// match the others, or cannot be read.
    pub fn open(dir: &Path) -> Result<Self, TlsError> {
        let missing = |file| TlsError::NothingThere { dir: dir.to_owned(), file: dir.join(file), command: init_command(dir, false, &[]) };
        let ca = Ca::load(dir, &[])?.ok_or_else(|| missing(ca::CERTIFICATE))?;
        let server = Server::load(dir, &ca)?.ok_or_else(|| missing(server::CERTIFICATE))?;
        Self::new(ca, server, CreatedFiles { ca: false, server: false })
    }

    fn complete(options: OpenOptions<'_>, names: &[Name], now: Timestamp) -> Result<Self, TlsError> {
        let OpenOptions { dir, new_ca, .. } = options;
        let present = Ca::load(dir, names)?;
        let mut made = CreatedFiles { ca: present.is_none(), server: false };
        let ca = match present {
            Some(ca) => ca,
            None => {
                let (file, beside) = (dir.join(ca::CERTIFICATE), dir.join(server::CERTIFICATE));
                if files::read(&beside)?.is_some() {
                    let remedy = Remedy::RestoreOrNewCa(init_command(dir, true, names));
                    return Err(TlsError::Missing { file, beside, remedy });
                }
                Ca::create(dir, names, new_ca, now)?;
                Ca::load(dir, names)?.expect("the CA was just written, under the lock")
            }
        };
        ca.check(dir, names, now)?;
        let present = Server::load(dir, &ca)?;
        let names = server::names(&ca, names, present.as_ref());
        let server = match present {
            Some(server) if server.is_valid_for(&ca, &names, now) => server,
            _ => {
                made.server = true;
                Server::create(dir, &ca, &names, now)?;
                Server::load(dir, &ca)?.expect("it was just written, under the lock")
            }
        };
        Self::new(ca, server, made)
    }

    fn new(ca: Ca, server: Server, made: CreatedFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = TerminalVerifier::new(&ca, Arc::clone(&provider)).map_err(TlsError::Rustls)?;
        Ok(Self { ca, server, made, provider, verifier: Arc::new(verifier) })
    }

    /// Returns what the opening created.
    pub fn created_files(&self) -> CreatedFiles {
        self.made
    }

    /// Returns the CA's certificate as PEM, which clients trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca.pem
    }

    /// Returns the description of the CA's certificate.
    pub fn ca(&self) -> &CertificateDescription {
        &self.ca.description
    }

    /// Returns the kind of the CA's name constraints.
    pub fn name_constraints(&self) -> NameConstraints {
        self.ca.constraints.kind()
    }

    /// Returns the kind of the CA's key.
    pub fn key_kind(&self) -> KeyKind {
        self.ca.key_kind()
    }

    /// Returns the command that creates another CA in `dir` for the current names of the
    /// server.
    pub fn new_ca_command(&self, dir: &Path) -> String {
        self.ca.renewal_command(dir, &self.server.extra_names())
    }

    /// Returns the description of the server's certificate.
    pub fn server(&self) -> &CertificateDescription {
        &self.server.description
    }

    /// Issues a certificate for a terminal, valid for ten years but not beyond the CA. Stores
    /// nothing.
    ///
    /// # Errors
    /// The certificate could not be created.
    pub fn issue_terminal(&self, address: &TerminalAddress, now: Timestamp) -> Result<TerminalCertificate, TlsError> {
        TerminalCertificate::issue(&self.ca, address, now)
    }

    /// Creates the TLS settings of the server: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, and the
    /// first cipher suite in the server's own order that the client offers.
    ///
    /// # Errors
    /// [`TlsError::Rustls`] if rustls does not accept the certificate or the key.
    pub fn server_config(&self, client_auth: ClientAuth) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Rustls)?;
        let builder = match client_auth {
            ClientAuth::Off => builder.with_no_client_auth(),
            ClientAuth::Asked => builder.with_client_cert_verifier(Arc::<TerminalVerifier>::clone(&self.verifier)),
        };
        let mut config = builder.with_single_cert(vec![self.server.der.clone()], self.server.key.clone_key()).map_err(TlsError::Rustls)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ignore_client_order = true;
        Ok(config)
    }

    /// Identifies a client by the certificates that it presented in a handshake with
    /// [`server_config`](Self::server_config). `now` is the time of the machine's clock.
    pub fn identify(&self, presented: Option<&[CertificateDer<'_>]>, now: Timestamp) -> ClientCertificate {
        self.verifier.identify(presented, now)
    }
}
