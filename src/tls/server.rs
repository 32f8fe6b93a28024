//! The server's certificate: `server.pem` and `server.key`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rcgen::{ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;

use super::ca::Ca;
use super::certificate::{self, PemFile};
use super::constraints::DOMAINS;
use super::file_remedy::{Expected, Remedy};
use super::files::{self, Readers};
use super::name::Name;
use super::{CertificateDescription, TlsError};

pub(super) const CERTIFICATE: &str = "server.pem";
pub(super) const KEY: &str = "server.key";

/// Apple's systems refuse server certificates that are valid for more than 825 days; the two
/// days of backdating come on top of this.
const VALIDITY: SignedDuration = SignedDuration::from_hours(820 * 24);

/// An opening renews a certificate with less than this left.
const RENEWAL_THRESHOLD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A server certificate loaded from its files.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) der: CertificateDer<'static>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) description: CertificateDescription,
    names: Vec<Name>,
}

impl Server {
    /// Issues a certificate of `ca` for `names`, and writes it. Keeps an existing key.
    pub(super) fn create(dir: &Path, ca: &Ca, names: &[Name], now: Timestamp) -> Result<(), TlsError> {
        let key_file = PemFile::new(dir, KEY, &Remedy::DeleteServer);
        let certificate_path = dir.join(CERTIFICATE);
        let key = match key_file.key()? {
            Some(key) => key,
            None => {
                let key = certificate::new_key(ca.key_kind())?;
                // The certificate is removed first, so that a start killed here leaves no
                // certificate without its key.
                files::remove(&certificate_path)?;
                files::replace(&key_file.path, &files::with_plain_line_ends(&key.serialize_pem()), Readers::Owner)?;
                key
            }
        };
        let (not_before, not_after) = ca.validity(now, VALIDITY);
        let mut params = certificate::params("onshi-mock", "onshi-mock", not_before, not_after);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = names
            .iter()
            .map(|name| {
                Ok(match name {
                    Name::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
                    Name::Address(address) => SanType::IpAddress(*address),
                })
            })
            .collect::<Result<_, _>>()
            .map_err(TlsError::Issue)?;
        let certificate = params.signed_by(&key, &ca.issuer).map_err(TlsError::Issue)?;
        files::replace(&certificate_path, &files::with_plain_line_ends(&certificate.pem()), Readers::Anyone)
    }

    /// Loads the server's certificate and key; `None` if either is missing.
    pub(super) fn load(dir: &Path, ca: &Ca) -> Result<Option<Self>, TlsError> {
        let file = PemFile::new(dir, CERTIFICATE, &Remedy::DeleteServer);
        let key_file = PemFile::new(dir, KEY, &Remedy::DeleteServer);
        let Some((_, der)) = file.certificate()? else {
            return Ok(None);
        };
        if key_file.key()?.is_none() {
            return Ok(None);
        }
        let parsed = file.parse(&der)?;
        let key = key_file.key_of(&file.path, &parsed)?;
        let (_, issuer) = x509_parser::parse_x509_certificate(&ca.der).expect("the CA's certificate was parsed when it was read");
        if parsed.verify_signature(Some(issuer.public_key())).is_err() || parsed.issuer() != issuer.subject() {
            let detail = format!("it was issued by {}", parsed.issuer());
            return Err(file.malformed(Expected::ServerOfThisCa, detail));
        }
        let names = alternative_names(&parsed);
        let described = names.iter().map(Name::to_string).collect();
        let description = CertificateDescription::new(&parsed, &der, described);
        Ok(Some(Self { der, key: key.into(), description, names }))
    }

    /// Returns its names without those that every server certificate contains.
    pub(super) fn extra_names(&self) -> Vec<Name> {
        let everywhere = everywhere();
        self.names.iter().filter(|name| !everywhere.contains(name)).cloned().collect()
    }

    /// Whether it contains all `names` and is not due for renewal.
    pub(super) fn is_valid_for(&self, ca: &Ca, names: &[Name], now: Timestamp) -> bool {
        let CertificateDescription { not_before, not_after, .. } = self.description;
        let soon = certificate::later(now, RENEWAL_THRESHOLD).min(ca.description.not_after);
        names.iter().all(|name| self.names.contains(name)) && not_before <= now && soon <= not_after
    }
}

/// Returns the names for a server certificate: those of every certificate, those the CA was
/// created for, `wanted`, and those of the `present` certificate, so that two servers with one
/// directory do not remove each other's names.
pub(super) fn names(ca: &Ca, wanted: &[Name], present: Option<&Server>) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    let candidates = everywhere()
        .into_iter()
        .chain(ca.constraints.extra_names())
        .chain(wanted.iter().cloned())
        .chain(present.into_iter().flat_map(|server| server.names.iter().cloned()));
    for name in candidates {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Returns the names that every server certificate contains.
fn everywhere() -> Vec<Name> {
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    DOMAINS.map(|domain| Name::Dns(domain.to_owned())).into_iter().chain(addresses.map(Name::Address)).collect()
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<Name> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(Name::Dns((*name).to_owned())),
            GeneralName::IPAddress(bytes) => {
                let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                let address = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
                address.ok().map(Name::Address)
            }
            _ => None,
        })
        .collect()
}
