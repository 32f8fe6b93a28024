//! Shared parts of the tests: a fixed time, a new directory, and handshakes in memory.

mod cas;
mod ciphers;
mod clients;
mod directory;

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, ServerConnection, SignatureScheme, SupportedProtocolVersion,
};
use tempfile::TempDir;

use super::*;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

fn now() -> Timestamp {
    "2026-11-10T09:00:00+09:00".parse().unwrap()
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days * 24)
}

fn open_with(dir: &Path, names: &[&str], now: Timestamp) -> Result<Authority, TlsError> {
    let extra_names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    Authority::open_or_create(OpenOptions { dir, extra_names: &extra_names, listen: &[], new_ca: NewCa::default() }, now)
}

fn create() -> (TempDir, Authority) {
    let dir = tempfile::tempdir().unwrap();
    let authority = open_with(dir.path(), &[], now()).unwrap();
    (dir, authority)
}

/// The certificate chain and the key that a client presents.
type Presented = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn presented(issued: &TerminalCertificate) -> Presented {
    (
        vec![CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).unwrap()],
        PrivateKeyDer::from_pem_slice(issued.private_key_pem.as_bytes()).unwrap(),
    )
}

/// The verifier of rustls, at the time of the test.
#[derive(Debug)]
struct At(Arc<WebPkiServerVerifier>, Timestamp);

impl ServerCertVerifier for At {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let second = u64::try_from(self.1.as_second()).unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(second));
        self.0.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Creates a client that trusts the CA of `trusted` and always presents `client`, whatever CAs
/// the server names.
fn client_config(trusted: &Authority, version: &'static SupportedProtocolVersion, client: Option<Presented>) -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.ca_pem().as_bytes()).unwrap()).unwrap();
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(At(webpki, now())));
    match client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let key = provider.key_provider.load_private_key(key).unwrap();
            // `with_client_auth_cert` would refuse a key that does not match the certificate.
            let certified = Arc::new(rustls::sign::CertifiedKey::new(chain, key));
            builder.with_client_cert_resolver(Arc::new(Always(certified)))
        }
    }
}

#[derive(Debug)]
struct Always(Arc<rustls::sign::CertifiedKey>);

impl rustls::client::ResolvesClientCert for Always {
    fn resolve(&self, _root_hint_subjects: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Runs a handshake in memory, and returns the server's connection.
fn handshake(server: &Authority, client: ClientConfig, name: &str) -> Result<ServerConnection, rustls::Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    let config = server.server_config(ClientAuth::Asked).unwrap();
    let mut server = ServerConnection::new(Arc::new(config))?;
    client.writer().write_all(b"hello").unwrap();
    for _ in 0..8 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets()?;
        }
    }
    let mut received = [0; 5];
    server.reader().read_exact(&mut received).unwrap();
    assert_eq!(&received, b"hello");
    Ok(server)
}
