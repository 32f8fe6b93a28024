//! What the CA's, the server's and the terminals' certificates have in common.

use aws_lc_rs::{digest, rand};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use x509_parser::prelude::X509Certificate;

use super::remedy::{Expected, Remedy};
use super::{KeyKind, TlsError, files};

/// Stands in every subject, where people see it who meet a certificate.
pub(super) const FOR_TESTS_ONLY: &str = "FOR TESTS ONLY";

/// Every certificate is valid from this long before it is made, so that a client whose clock is
/// slow accepts it.
pub(super) const BACKDATED: SignedDuration = SignedDuration::from_hours(2 * 24);

/// The life of the CA and of terminal certificates: ten years.
pub(super) const TEN_YEARS: SignedDuration = SignedDuration::from_hours(3652 * 24);

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateDescription {
    /// The distinguished name, as `O=…, OU=…, CN=…`.
    pub subject: String,
    /// For the CA what it permits (domains with their subdomains, networks as `10.0.0.0/8`, or that
    /// any is permitted), for the server the names it answers to.
    pub names: Vec<String>,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// SHA-256 of the DER, as pairs of capital hex digits with colons between.
    pub sha256: String,
}

impl CertificateDescription {
    pub(super) fn new(certificate: &X509Certificate<'_>, der: &[u8], names: Vec<String>) -> Self {
        let validity = certificate.validity();
        let sha256: Vec<_> = digest::digest(&digest::SHA256, der).as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        Self {
            subject: certificate.subject().to_string(),
            names,
            not_before: timestamp(validity.not_before.timestamp()),
            not_after: timestamp(validity.not_after.timestamp()),
            sha256: sha256.join(":"),
        }
    }
}

/// A certificate's date. X.509 cannot write one that jiff could not hold.
fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// A certificate to be filled in: subject, validity and a serial number of its own.
pub(super) fn params(organization: &str, common_name: &str, not_before: Timestamp, not_after: Timestamp) -> CertificateParams {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, organization);
    subject.push(DnType::OrganizationalUnitName, FOR_TESTS_ONLY);
    subject.push(DnType::CommonName, common_name);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    // Renewals keep the key, and rcgen would derive the serial number from it: Firefox refuses two
    // certificates of one issuer with the same number.
    params.serial_number = Some(random::<16>().to_vec().into());
    params.not_before = date(not_before);
    params.not_after = date(not_after);
    params.use_authority_key_identifier_extension = true;
    params
}

/// A new key pair.
pub(super) fn new_key(kind: KeyKind) -> Result<KeyPair, TlsError> {
    let algorithm = match kind {
        KeyKind::Ecdsa => &PKCS_ECDSA_P256_SHA256,
        KeyKind::Rsa => &PKCS_RSA_SHA256,
    };
    KeyPair::generate_for(algorithm).map_err(TlsError::Issue)
}

/// Random bytes for serial numbers, passwords and what tells one CA from another.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// `moment` later, or the last moment there is.
pub(super) fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `moment` earlier, or the first moment there is.
pub(super) fn earlier(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn date(moment: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(moment.as_second()).expect("jiff and time both hold the years -9999 to 9999")
}

/// A PEM file under complaint: which it is, and what to do where it is not as it should be.
#[derive(Debug)]
pub(super) struct PemFile<'a> {
    pub(super) path: PathBuf,
    pub(super) remedy: &'a Remedy,
}

impl<'a> PemFile<'a> {
    pub(super) fn new(dir: &Path, name: &str, remedy: &'a Remedy) -> Self {
        Self { path: dir.join(name), remedy }
    }

    /// The error that says what the file should have held, and what was found.
    pub(super) fn malformed(&self, expected: Expected, detail: impl ToString) -> TlsError {
        let (file, remedy) = (self.path.clone(), self.remedy.clone());
        TlsError::Malformed { file, expected, detail: detail.to_string(), remedy }
    }

    /// The first certificate in it, as PEM and as DER; `None` where the file is missing. The PEM is
    /// that section alone: a key that someone put into the same file is never handed out with it.
    pub(super) fn certificate(&self) -> Result<Option<(String, CertificateDer<'static>)>, TlsError> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let Some(text) = files::read(&self.path)? else {
            return Ok(None);
        };
        let pem = text
            .find(BEGIN)
            .zip(text.find(END))
            .and_then(|(begin, end)| text.get(begin..end + END.len()))
            .map(|section| format!("{section}\n"))
            .ok_or_else(|| self.malformed(Expected::Certificate, "it contains none"))?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| self.malformed(Expected::Certificate, error))?;
        Ok(Some((pem, der)))
    }

    /// What the certificate says.
    pub(super) fn parse<'d>(&self, der: &'d [u8]) -> Result<X509Certificate<'d>, TlsError> {
        x509_parser::parse_x509_certificate(der)
            .map(|(_, certificate)| certificate)
            .map_err(|error| self.malformed(Expected::Certificate, error))
    }

    /// The private key in it; `None` where the file is missing.
    pub(super) fn key(&self) -> Result<Option<KeyPair>, TlsError> {
        let Some(pem) = files::read(&self.path)? else {
            return Ok(None);
        };
        let key = KeyPair::from_pem(&pem).map_err(|error| self.malformed(Expected::PrivateKey, error))?;
        Ok(Some(key))
    }

    /// The private key in it, which must be there and fit the certificate `parsed` from `of`.
    pub(super) fn key_of(&self, of: &Path, parsed: &X509Certificate<'_>) -> Result<KeyPair, TlsError> {
        let key =
            self.key()?.ok_or_else(|| TlsError::Missing { file: self.path.clone(), beside: of.to_owned(), remedy: self.remedy.clone() })?;
        if key.subject_public_key_info() != parsed.public_key().raw {
            return Err(TlsError::KeyMismatch { key: self.path.clone(), certificate: of.to_owned(), remedy: self.remedy.clone() });
        }
        Ok(key)
    }
}
