//! Terminal certificates, which tell the server which terminal of which institution a receipt
//! computer is.

use jiff::Timestamp;
use rcgen::{ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use x509_parser::x509::X509Name;

use super::TlsError;
use super::ca::Ca;
use super::certificate::{self, TEN_YEARS};
use super::files::with_plain_line_ends;
use super::pkcs12;
use crate::domain::ids::TerminalAddress;
use crate::random;

/// 32 letters and digits that are not easily confused.
const PASSWORD_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A terminal's certificate and key, in the two forms that receipt computers accept.
#[derive(Clone)]
pub struct TerminalCertificate {
    /// The certificate alone; for the chain, add `ca.pem`.
    pub certificate_pem: String,
    /// The private key, of the same kind as the CA's: PKCS#8, not encrypted.
    pub private_key_pem: String,
    /// Key, certificate and CA as PKCS#12, for Windows and Java.
    ///
    /// Encrypted with 3DES, which every system in use can read, under a password of 100 random
    /// bits.
    pub pkcs12: Vec<u8>,
    /// The password of [`pkcs12`](Self::pkcs12): 20 letters and digits.
    pub pkcs12_password: String,
    /// The last moment of validity.
    pub not_after: Timestamp,
}

impl TerminalCertificate {
    /// Issues a certificate of `ca`. It has no alternative names, so the CA's name constraints
    /// do not apply to it.
    pub(super) fn issue(ca: &Ca, address: &TerminalAddress, now: Timestamp) -> Result<Self, TlsError> {
        let id = address.to_string();
        let key = certificate::new_key(ca.key_kind())?;
        let (not_before, not_after) = ca.validity(now, TEN_YEARS);
        let mut params = certificate::params(address.institution.as_str(), &id, not_before, not_after);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &ca.issuer).map_err(TlsError::Issue)?;

        let pkcs12_password: String =
            random::bytes::<20>().map(|byte| char::from(PASSWORD_ALPHABET[usize::from(byte % 32)])).iter().collect();
        let pkcs12 =
            pkcs12::encode(&id, key.serialized_der(), certificate.der(), &[&ca.der], &pkcs12_password).map_err(TlsError::Pkcs12)?;
        let [certificate_pem, private_key_pem] = [certificate.pem(), key.serialize_pem()].map(|pem| with_plain_line_ends(&pem));
        Ok(Self { certificate_pem, private_key_pem, pkcs12, pkcs12_password, not_after })
    }
}

/// Returns the terminal that a certificate's subject names.
pub(super) fn terminal_of(subject: &X509Name<'_>) -> Option<TerminalAddress> {
    let organization = subject.iter_organization().next()?.as_str().ok()?;
    let common_name = subject.iter_common_name().next()?.as_str().ok()?;
    TerminalAddress::parse(common_name).ok().filter(|address| address.institution.as_str() == organization)
}
