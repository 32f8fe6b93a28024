//! The common parts of the CA's, the server's and the terminals' certificates.

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use x509_parser::prelude::X509Certificate;

use super::file_remedy::{Expected, Remedy};
use super::{KeyKind, TlsError, files};
use crate::random;

/// Part of every subject, so that people who come across a certificate see it.
pub(super) const FOR_TESTS_ONLY: &str = "FOR TESTS ONLY";

/// How long before its creation every certificate becomes valid, so that a client whose clock
/// is slow accepts it.
pub(super) const BACKDATING: SignedDuration = SignedDuration::from_hours(2 * 24);

/// The validity of the CA and of terminal certificates: ten years.
pub(super) const TEN_YEARS: SignedDuration = SignedDuration::from_hours(3652 * 24);

/// The description of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateDescription {
    /// The distinguished name, as `O=…, OU=…, CN=…`.
    pub subject: String,
    /// For the CA, what it permits: domains with their subdomains, networks as `10.0.0.0/8`, or
    /// a text that any name is permitted. For the server, its names.
    pub names: Vec<String>,
    /// The first moment of validity.
    pub not_before: Timestamp,
    /// The last moment of validity.
    pub not_after: Timestamp,
    /// The SHA-256 of the DER: pairs of upper-case hexadecimal digits, separated by colons.
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

/// Converts a certificate's date. Every date of X.509 fits in a `Timestamp`.
fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// Creates the parameters of a certificate: subject, validity and a random serial number.
pub(super) fn params(organization: &str, common_name: &str, not_before: Timestamp, not_after: Timestamp) -> CertificateParams {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, organization);
    subject.push(DnType::OrganizationalUnitName, FOR_TESTS_ONLY);
    subject.push(DnType::CommonName, common_name);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    // Renewals keep the key, and rcgen would derive the serial number from it. Firefox refuses
    // two certificates of one issuer with the same number.
    params.serial_number = Some(random::bytes::<16>().to_vec().into());
    params.not_before = date(not_before);
    params.not_after = date(not_after);
    params.use_authority_key_identifier_extension = true;
    params
}

/// Generates a key pair.
pub(super) fn new_key(kind: KeyKind) -> Result<KeyPair, TlsError> {
    let algorithm = match kind {
        KeyKind::Ecdsa => &PKCS_ECDSA_P256_SHA256,
        KeyKind::Rsa => &PKCS_RSA_SHA256,
    };
    KeyPair::generate_for(algorithm).map_err(TlsError::Issue)
}

/// Returns the time `by` later; saturates.
pub(super) fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Returns the time `by` earlier; saturates.
pub(super) fn earlier(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn date(moment: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(moment.as_second()).expect("jiff and time both hold the years -9999 to 9999")
}

/// A PEM file to read, with the remedy that its errors recommend.
#[derive(Debug)]
pub(super) struct PemFile<'a> {
    pub(super) path: PathBuf,
    pub(super) remedy: &'a Remedy,
}

impl<'a> PemFile<'a> {
    pub(super) fn new(dir: &Path, name: &str, remedy: &'a Remedy) -> Self {
        Self { path: dir.join(name), remedy }
    }

    /// Creates the error for a file that does not hold what is expected.
    pub(super) fn malformed(&self, expected: Expected, detail: impl ToString) -> TlsError {
        let (file, remedy) = (self.path.clone(), self.remedy.clone());
        TlsError::Malformed { file, expected, detail: detail.to_string(), remedy }
    }

    /// Returns the first certificate as PEM and as DER; `None` if the file is missing. The PEM
    /// contains only that section, so that a private key in the same file is never handed out.
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

    /// Parses a certificate of this file.
    pub(super) fn parse<'d>(&self, der: &'d [u8]) -> Result<X509Certificate<'d>, TlsError> {
        x509_parser::parse_x509_certificate(der)
            .map(|(_, certificate)| certificate)
            .map_err(|error| self.malformed(Expected::Certificate, error))
    }

    /// Returns the private key; `None` if the file is missing.
    pub(super) fn key(&self) -> Result<Option<KeyPair>, TlsError> {
        let Some(pem) = files::read(&self.path)? else {
            return Ok(None);
        };
        let key = KeyPair::from_pem(&pem).map_err(|error| self.malformed(Expected::PrivateKey, error))?;
        Ok(Some(key))
    }

    /// Returns the private key, which must exist and match the certificate `parsed` of the file
    /// `of`.
    pub(super) fn key_of(&self, of: &Path, parsed: &X509Certificate<'_>) -> Result<KeyPair, TlsError> {
        let key =
            self.key()?.ok_or_else(|| TlsError::Missing { file: self.path.clone(), beside: of.to_owned(), remedy: self.remedy.clone() })?;
        if key.subject_public_key_info() != parsed.public_key().raw {
            return Err(TlsError::KeyMismatch { key: self.path.clone(), certificate: of.to_owned(), remedy: self.remedy.clone() });
        }
        Ok(key)
    }
}
