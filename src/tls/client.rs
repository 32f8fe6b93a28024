//! The identification of clients by their certificates. A handshake never fails because of a
//! certificate of another CA; only a client that presents one of this CA has to prove that it
//! holds the key.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};

use super::ca::Ca;
use super::terminal::terminal_of;
use crate::domain::ids::TerminalAddress;

/// The result of checking a client's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCertificate {
    /// The client presented none.
    None,
    /// The certificate does not count: it is of another CA, expired, or not a terminal's. The
    /// client may not have proved that it holds the key.
    Foreign {
        /// Why it does not count, in English, for the journal.
        reason: String,
    },
    /// A valid certificate of this CA; the client proved that it holds the key.
    Terminal(TerminalAddress),
}

/// Accepts every client certificate in the handshake; [`identify`](Self::identify) checks it
/// afterwards.
#[derive(Debug)]
pub(super) struct TerminalVerifier {
    /// The verifier of rustls, for this CA.
    webpki: Arc<dyn ClientCertVerifier>,
    /// The CA's subject, as DER.
    ca_subject: Vec<u8>,
}

impl TerminalVerifier {
    /// # Errors
    /// rustls does not accept the CA's certificate.
    pub(super) fn new(ca: &Ca, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(ca.der.clone())?;
        let webpki = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .allow_unauthenticated()
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        let (_, certificate) = x509_parser::parse_x509_certificate(&ca.der).expect("the CA's certificate was parsed when it was read");
        Ok(Self { webpki, ca_subject: certificate.subject().as_raw().to_vec() })
    }

    /// Checks what a client presented: it must be issued by this CA for clients, be valid at
    /// `now`, and name a terminal.
    pub(super) fn identify(&self, presented: Option<&[CertificateDer<'_>]>, now: Timestamp) -> ClientCertificate {
        let Some(der) = presented.and_then(|chain| chain.first()) else {
            return ClientCertificate::None;
        };
        let foreign = |reason| ClientCertificate::Foreign { reason };
        let certificate = match x509_parser::parse_x509_certificate(der) {
            Ok((_, certificate)) => certificate,
            Err(error) => return foreign(format!("not a readable X.509 certificate: {error}")),
        };
        if certificate.issuer().as_raw() != self.ca_subject {
            let issuer = certificate.issuer();
            return foreign(format!("issued by {issuer}, not by this installation's CA"));
        }
        let second = u64::try_from(now.as_second()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(second));
        // This CA issues certificates directly, without intermediates.
        if let Err(error) = self.webpki.verify_client_cert(der, &[], now) {
            return foreign(error.to_string());
        }
        match terminal_of(certificate.subject()) {
            Some(address) => ClientCertificate::Terminal(address),
            None => foreign(format!("its subject names no terminal: {}", certificate.subject())),
        }
    }

    /// Ignores a signature that did not verify, unless the certificate names this CA as its
    /// issuer. [`identify`](Self::identify) accepts no other certificate, so an ignored failure
    /// never identifies a terminal.
    fn forgive(
        &self,
        certificate: &CertificateDer<'_>,
        verified: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        let names_our_ca =
            x509_parser::parse_x509_certificate(certificate).is_ok_and(|(_, certificate)| certificate.issuer().as_raw() == self.ca_subject);
        if names_our_ca { verified } else { Ok(HandshakeSignatureValid::assertion()) }
    }
}

impl ClientCertVerifier for TerminalVerifier {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.webpki.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.forgive(cert, self.webpki.verify_tls12_signature(message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.forgive(cert, self.webpki.verify_tls13_signature(message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}
