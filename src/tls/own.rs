//! The check of a client's own certificate before use. The server treats a certificate of
//! another CA like none, so a terminal that would not be identified reports it at the start.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{ASN1Time, X509Certificate};

use super::terminal::terminal_of;
use crate::domain::ids::TerminalAddress;
use crate::domain::text::Text;

/// Returns the terminal that a certificate (PEM) names, if the CA (PEM) issued it and it is
/// valid at `now`.
///
/// # Errors
/// The certificate cannot be used; the text says why and what to do.
pub fn terminal_in(certificate: &[u8], ca: &[u8], now: Timestamp) -> Result<TerminalAddress, Text> {
    let ca = read(ca).ok_or_else(|| no_certificate("--ca"))?;
    let own = read(certificate).ok_or_else(|| no_certificate("--cert"))?;
    let (ca, own) = (parse(&ca).ok_or_else(|| no_certificate("--ca"))?, parse(&own).ok_or_else(|| no_certificate("--cert"))?);
    if own.issuer() != ca.subject() || own.verify_signature(Some(ca.public_key())).is_err() {
        return Err(Text::new(
            "--cert は --ca の CA が発行したものではありません。同じ CA の `onshi-mock certs issue` で発行し直してください。",
            "--cert was not issued by the CA in --ca: issue one with `onshi-mock certs issue` of the same CA.",
        ));
    }
    let at = ASN1Time::from_timestamp(now.as_second()).ok();
    if !at.is_some_and(|at| own.validity().is_valid_at(at)) {
        let (from, to) = (own.validity().not_before, own.validity().not_after);
        return Err(Text::new(
            format!("--cert の有効期間は {from} から {to} までで、現在（{now}）は有効ではありません。"),
            format!("--cert is valid from {from} to {to}, and it is {now}."),
        ));
    }
    terminal_of(own.subject()).ok_or_else(|| {
        let subject = own.subject();
        Text::new(
            format!("--cert のサブジェクトに端末がありません（{subject}）。"),
            format!("The subject of --cert names no terminal ({subject})."),
        )
    })
}

fn read(pem: &[u8]) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(pem).ok()
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    x509_parser::parse_x509_certificate(der).ok().map(|(_, certificate)| certificate)
}

fn no_certificate(option: &str) -> Text {
    Text::new(
        format!("{option} のファイルは PEM 形式の証明書ではありません。"),
        format!("The file in {option} holds no certificate in PEM."),
    )
}
