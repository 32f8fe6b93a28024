//! The installation's CA: `ca.pem` and `ca.key`.

use std::path::Path;

use jiff::Timestamp;
use rcgen::{BasicConstraints, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256};
use rustls::pki_types::CertificateDer;

use super::certificate::{self, BACKDATING, FOR_TESTS_ONLY, PemFile, TEN_YEARS};
use super::constraints::{Constraints, NO_NAME_CONSTRAINTS};
use super::error::init_command;
use super::file_remedy::{Expected, Remedy};
use super::files::{self, Readers};
use super::name::Name;
use super::{CertificateDescription, KeyKind, NameConstraints, NewCa, TlsError};
use crate::random;

pub(super) const CERTIFICATE: &str = "ca.pem";
pub(super) const KEY: &str = "ca.key";

/// A CA loaded from its files.
#[derive(Debug)]
pub(super) struct Ca {
    pub(super) pem: String,
    pub(super) der: CertificateDer<'static>,
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) constraints: Constraints,
    pub(super) description: CertificateDescription,
}

impl Ca {
    /// Creates a CA that permits `names`, and writes its files. Call it only if there is no
    /// `ca.pem`. Keeps an existing key, which is left if a start was killed before it wrote the
    /// certificate.
    pub(super) fn create(dir: &Path, names: &[Name], kind: NewCa, now: Timestamp) -> Result<(), TlsError> {
        let remedy = Remedy::RestoreOrNewCa(init_command(dir, true, names));
        let key_file = PemFile::new(dir, KEY, &remedy);
        let key = match key_file.key()? {
            Some(key) => key,
            None => {
                let key = certificate::new_key(kind.key)?;
                files::replace(&key_file.path, &files::with_plain_line_ends(&key.serialize_pem()), Readers::Owner)?;
                key
            }
        };
        let unique = u32::from_be_bytes(random::bytes());
        let warning = if kind.unconstrained { format!(", {NO_NAME_CONSTRAINTS}") } else { String::new() };
        let mut params = certificate::params(
            "onshi-mock",
            &format!("onshi-mock CA - {FOR_TESTS_ONLY}{warning} {unique:08x}"),
            certificate::earlier(now, BACKDATING),
            certificate::later(now, TEN_YEARS),
        );
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = (!kind.unconstrained)
            .then(|| rcgen::NameConstraints { permitted_subtrees: Constraints::with(names).subtrees(), excluded_subtrees: Vec::new() });
        let certificate = params.self_signed(&key).map_err(TlsError::Issue)?;
        files::replace(&dir.join(CERTIFICATE), &files::with_plain_line_ends(&certificate.pem()), Readers::Anyone)
    }

    /// Loads the CA; `None` if there is no `ca.pem`. `names` become part of the command that
    /// the errors recommend.
    pub(super) fn load(dir: &Path, names: &[Name]) -> Result<Option<Self>, TlsError> {
        let remedy = Remedy::RestoreOrNewCa(init_command(dir, true, names));
        let file = PemFile::new(dir, CERTIFICATE, &remedy);
        let Some((pem, der)) = file.certificate()? else {
            return Ok(None);
        };
        let parsed = file.parse(&der)?;
        if !parsed.is_ca() {
            return Err(file.malformed(Expected::Ca, "it is no CA certificate"));
        }
        let constraints = Constraints::of(&parsed).ok_or_else(|| file.malformed(Expected::Ca, "it would vouch for any name"))?;
        let key = PemFile::new(dir, KEY, &remedy).key_of(&file.path, &parsed)?;
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|error| file.malformed(Expected::Ca, error))?;
        let description = CertificateDescription::new(&parsed, &der, constraints.describe());
        Ok(Some(Self { pem, der, issuer, constraints, description }))
    }

    /// Refuses a CA that is not valid at `now`, and names that it does not permit.
    pub(super) fn check(&self, dir: &Path, names: &[Name], now: Timestamp) -> Result<(), TlsError> {
        let mut all = self.constraints.extra_names();
        all.extend(names.iter().filter(|name| !all.contains(name)).cloned().collect::<Vec<_>>());
        let (ca, command) = (dir.join(CERTIFICATE), self.renewal_command(dir, &all));
        let CertificateDescription { not_before, not_after, .. } = self.description;
        if now < not_before || not_after <= now {
            return Err(TlsError::CaNotValid { ca, not_before, not_after, now, command });
        }
        let outside = names.iter().filter(|name| !self.constraints.permits(name));
        let names: Vec<_> = outside.map(Name::to_string).collect();
        if names.is_empty() { Ok(()) } else { Err(TlsError::OutsideConstraints { ca, names, command }) }
    }

    /// Returns the kind of the CA's key, which the keys of its certificates share.
    pub(super) fn key_kind(&self) -> KeyKind {
        if self.issuer.key().algorithm() == &PKCS_RSA_SHA256 { KeyKind::Rsa } else { KeyKind::Ecdsa }
    }

    /// Returns the command that replaces this CA by one of the same kind for `names`.
    pub(super) fn renewal_command(&self, dir: &Path, names: &[Name]) -> String {
        let key = if self.key_kind() == KeyKind::Rsa { " --key rsa" } else { "" };
        let unconstrained = if self.constraints.kind() == NameConstraints::None { " --no-name-constraints" } else { "" };
        format!("{}{key}{unconstrained}", init_command(dir, true, names))
    }

    /// Returns the validity of a certificate that this CA issues at `now` for `life`; never
    /// exceeds its own.
    pub(super) fn validity(&self, now: Timestamp, life: jiff::SignedDuration) -> (Timestamp, Timestamp) {
        let CertificateDescription { not_before, not_after, .. } = self.description;
        (certificate::earlier(now, BACKDATING).max(not_before), certificate::later(now, life).min(not_after))
    }
}
