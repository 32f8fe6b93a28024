//! The installation's certificates as a whole: opened, completed, and put to use.

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
use super::name::Name;
use super::remedy::Remedy;
use super::server::{self, Server};
use super::terminal::TerminalCertificate;
use super::{CertificateDescription, ClientAuth, KeyKind, NameConstraints, OpenOptions, files};
use crate::domain::ids::TerminalAddress;

/// What an opening made because it was missing or had to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// A CA that clients must be told to trust.
    pub ca: bool,
    /// A server certificate; under a CA that was kept, clients notice nothing.
    pub server: bool,
}

/// The installation's CA and server certificate with their keys, read into memory.
#[derive(Debug)]
pub struct Authority {
    ca: Ca,
    server: Server,
    made: Made,
    provider: Arc<CryptoProvider>,
    verifier: Arc<TerminalVerifier>,
}

impl Authority {
    /// Opens the directory and makes what is missing. The server's certificate is made anew where
    /// it lacks a name or fewer than 30 days of its 820 remain; the CA never is.
    ///
    /// # Errors
    /// A name that is none, or that the CA does not permit; a file that is damaged, does not fit
    /// the others, or cannot be read or written; a CA that is not valid at `now`.
    pub fn open_or_create(options: OpenOptions<'_>, now: Timestamp) -> Result<Self, TlsError> {
        let names = options.names()?;
        let _lock = files::lock(options.dir)?;
        Self::complete(options, &names, now)
    }

    /// Makes a new CA in place of the one that is there, and a server certificate under it.
    /// Clients must trust the new `ca.pem`; terminal certificates of the old CA become foreign.
    ///
    /// # Errors
    /// A name that is none; a file that cannot be written.
    pub fn create_anew(options: OpenOptions<'_>, now: Timestamp) -> Result<Self, TlsError> {
        let names = options.names()?;
        let _lock = files::lock(options.dir)?;
        // In this order: a start that follows a kill in between finds nothing that contradicts.
        for file in [server::CERTIFICATE, server::KEY, ca::CERTIFICATE, ca::KEY] {
            files::remove(&options.dir.join(file))?;
        }
        Self::complete(options, &names, now)
    }

    /// Opens the directory as it is, without writing anything or minding dates.
    ///
    /// # Errors
    /// [`TlsError::NothingThere`] where a certificate is missing; a file that is damaged, does not
    /// fit the others, or cannot be read.
    pub fn open(dir: &Path) -> Result<Self, TlsError> {
        let missing = |file| TlsError::NothingThere { dir: dir.to_owned(), file: dir.join(file), command: init_command(dir, false, &[]) };
        let ca = Ca::load(dir, &[])?.ok_or_else(|| missing(ca::CERTIFICATE))?;
        let server = Server::load(dir, &ca)?.ok_or_else(|| missing(server::CERTIFICATE))?;
        Self::new(ca, server, Made { ca: false, server: false })
    }

    fn complete(options: OpenOptions<'_>, names: &[Name], now: Timestamp) -> Result<Self, TlsError> {
        let OpenOptions { dir, new_ca, .. } = options;
        let present = Ca::load(dir, names)?;
        let mut made = Made { ca: present.is_none(), server: false };
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
            Some(server) if server.serves(&ca, &names, now) => server,
            _ => {
                made.server = true;
                Server::create(dir, &ca, &names, now)?;
                Server::load(dir, &ca)?.expect("it was just written, under the lock")
            }
        };
        Self::new(ca, server, made)
    }

    fn new(ca: Ca, server: Server, made: Made) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = TerminalVerifier::new(&ca, Arc::clone(&provider)).map_err(TlsError::Rustls)?;
        Ok(Self { ca, server, made, provider, verifier: Arc::new(verifier) })
    }

    /// What the opening made.
    pub fn made(&self) -> Made {
        self.made
    }

    /// The CA's certificate as PEM: what clients trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca.pem
    }

    /// What the CA's certificate says.
    pub fn ca(&self) -> &CertificateDescription {
        &self.ca.description
    }

    /// What the CA's name constraints bear on.
    pub fn name_constraints(&self) -> NameConstraints {
        self.ca.constraints.kind()
    }

    /// The kind of the CA's key.
    pub fn key_kind(&self) -> KeyKind {
        self.ca.key_kind()
    }

    /// The command that makes another CA in `dir`, for the names that the server has now.
    pub fn new_ca_command(&self, dir: &Path) -> String {
        self.ca.renewal_command(dir, &self.server.extra_names())
    }

    /// What the server's certificate says.
    pub fn server(&self) -> &CertificateDescription {
        &self.server.description
    }

    /// Issues a certificate to a terminal, valid for ten years but not beyond the CA. Nothing is
    /// stored.
    ///
    /// # Errors
    /// The certificate could not be made.
    pub fn issue_terminal(&self, address: &TerminalAddress, now: Timestamp) -> Result<TerminalCertificate, TlsError> {
        TerminalCertificate::issue(&self.ca, address, now)
    }

    /// How the server talks TLS: 1.2 and 1.3, HTTP/2 and HTTP/1.1, with the first cipher suite of its own order that the client offers.
    ///
    /// # Errors
    /// [`TlsError::Rustls`] where rustls does not accept certificate or key.
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

    /// Who a client is by the certificates it presented in a handshake of
    /// [`server_config`](Self::server_config), the machine's clock being at `now`.
    pub fn identify(&self, presented: Option<&[CertificateDer<'_>]>, now: Timestamp) -> ClientCertificate {
        self.verifier.identify(presented, now)
    }
}
