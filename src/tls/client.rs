//! Who a client is by its certificate. The handshake never fails for a certificate that is not
//! ours; only who presents one of ours must prove that they hold its key.

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

/// What a client's certificate comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCertificate {
    /// None was presented.
    None,
    /// One that does not count: of another CA, expired, or not a terminal's. Its holder may not
    /// have proved that they hold its key.
    Foreign {
        /// Why it does not count, in English, for the journal.
        reason: String,
    },
    /// One of ours, whose holder proved to hold its key.
    Terminal(TerminalAddress),
}

/// Accepts every client certificate in the handshake; see [`identify`](Self::identify).
#[derive(Debug)]
pub(super) struct TerminalVerifier {
    /// rustls's own, against our CA.
    webpki: Arc<dyn ClientCertVerifier>,
    /// The CA's subject, as DER.
    ca_subject: Vec<u8>,
}

impl TerminalVerifier {
    /// # Errors
    /// What rustls has against the CA's certificate.
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

    /// Checks what a client presented: issued by our CA for clients, valid at `now`, and whose.
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
        // Our CA issues directly: no intermediates.
        if let Err(error) = self.webpki.verify_client_cert(der, &[], now) {
            return foreign(error.to_string());
        }
        match terminal_of(certificate.subject()) {
            Some(address) => ClientCertificate::Terminal(address),
            None => foreign(format!("its subject names no terminal: {}", certificate.subject())),
        }
    }

    /// Forgives a signature that did not verify, unless the certificate names our CA as its
    /// issuer. `identify` counts no other certificate, so nothing that was forgiven here can pass
    /// for a terminal.
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
