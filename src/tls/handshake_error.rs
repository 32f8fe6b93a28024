//! From what rustls and the operating system report to why a handshake failed.

use std::io::{self, ErrorKind};

use rustls::{AlertDescription, Error, PeerIncompatible};

use crate::domain::handshake::Cause;

/// Why a handshake failed. As the inner error of an [`io::Error`] it is found again by [`of`](Self::of).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TLS handshake: {}", cause.name())]
pub struct HandshakeFault {
    /// What failed.
    pub cause: Cause,
    /// The client's alert, where it sent one: its name in RFC 8446, such as `unknown_ca`, or its number.
    pub alert: Option<String>,
}

impl HandshakeFault {
    /// Why a handshake failed, by the error with which it ended.
    pub fn of(error: &io::Error) -> Self {
        let inner = error.get_ref();
        if let Some(fault) = inner.and_then(|inner| inner.downcast_ref::<Self>()) {
            return fault.clone();
        }
        if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
            return Self::from(error);
        }
        Self::from(match error.kind() {
            ErrorKind::TimedOut => Cause::TimedOut,
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Cause::Closed,
            _ => Cause::Other,
        })
    }

    /// The alert that ended a connection, if it was one: clients that look at the certificate only after the handshake send it then.
    pub fn by_alert(error: &io::Error) -> Option<Self> {
        match error.get_ref()?.downcast_ref::<Error>()? {
            error @ Error::AlertReceived(_) => Some(Self::from(error)),
            _ => None,
        }
    }
}

impl From<Cause> for HandshakeFault {
    fn from(cause: Cause) -> Self {
        Self { cause, alert: None }
    }
}

impl From<&Error> for HandshakeFault {
    fn from(error: &Error) -> Self {
        Self::from(match error {
            Error::AlertReceived(alert) => return Self { cause: cause_of(*alert), alert: Some(name_of(*alert)) },
            Error::PeerIncompatible(incompatible) => of_incompatible(incompatible),
            Error::NoApplicationProtocol => Cause::NoCommonProtocol,
            Error::InvalidCertificate(_) => Cause::ClientCertificate,
            Error::InvalidMessage(_)
            | Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. }
            | Error::PeerMisbehaved(_)
            | Error::PeerSentOversizedRecord
            | Error::DecryptError => Cause::NotTls,
            _ => Cause::Other,
        })
    }
}

fn of_incompatible(incompatible: &PeerIncompatible) -> Cause {
    match incompatible {
        PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::SupportedVersionsExtensionRequired
        // TLS 1.2 brought that extension: clients of earlier versions have none, and rustls looks at it before the version.
        | PeerIncompatible::SignatureAlgorithmsExtensionRequired => Cause::OldTls,
        _ => Cause::NoCommonCipher,
    }
}

fn cause_of(alert: AlertDescription) -> Cause {
    match alert {
        AlertDescription::UnknownCA => Cause::UntrustedCa,
        AlertDescription::CertificateUnknown
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnobtainable
        | AlertDescription::BadCertificateStatusResponse
        // A signature that does not verify, as with another CA of the same name.
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => Cause::CertificateRefused,
        AlertDescription::CertificateExpired => Cause::CertificateExpired,
        AlertDescription::ProtocolVersion | AlertDescription::InappropriateFallback => Cause::OldTls,
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => Cause::NoCommonCipher,
        AlertDescription::NoApplicationProtocol => Cause::NoCommonProtocol,
        AlertDescription::CloseNotify | AlertDescription::UserCanceled => Cause::Closed,
        _ => Cause::Other,
    }
}

/// An alert's name as the RFC writes it: rustls writes `UnknownCA` for `unknown_ca`.
fn name_of(alert: AlertDescription) -> String {
    let Some(camel) = alert.as_str() else {
        return u8::from(alert).to_string();
    };
    let mut name = String::new();
    let mut before = '_';
    for (place, letter) in camel.char_indices() {
        let ends_capitals = camel[place + letter.len_utf8()..].starts_with(|next: char| next.is_ascii_lowercase());
        if place > 0 && letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || ends_capitals) {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
        before = letter;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_has_its_cause_and_its_name_of_the_rfc() {
        for (alert, cause, name) in [
            (AlertDescription::UnknownCA, Cause::UntrustedCa, "unknown_ca"),
            (AlertDescription::CertificateUnknown, Cause::CertificateRefused, "certificate_unknown"),
            (AlertDescription::BadCertificate, Cause::CertificateRefused, "bad_certificate"),
            (AlertDescription::DecryptError, Cause::CertificateRefused, "decrypt_error"),
            (AlertDescription::CertificateExpired, Cause::CertificateExpired, "certificate_expired"),
            (AlertDescription::ProtocolVersion, Cause::OldTls, "protocol_version"),
            (AlertDescription::HandshakeFailure, Cause::NoCommonCipher, "handshake_failure"),
            (AlertDescription::UserCanceled, Cause::Closed, "user_canceled"),
            (AlertDescription::UnknownPSKIdentity, Cause::Other, "unknown_psk_identity"),
            (AlertDescription::BadRecordMac, Cause::Other, "bad_record_mac"),
            (AlertDescription::Unknown(200), Cause::Other, "200"),
        ] {
            let error = io::Error::new(ErrorKind::InvalidData, Error::AlertReceived(alert));
            let fault = HandshakeFault { cause, alert: Some(name.to_owned()) };
            assert_eq!(HandshakeFault::of(&error), fault);
            assert_eq!(HandshakeFault::by_alert(&error), Some(fault));
        }
    }

    #[test]
    fn what_is_no_alert_has_a_cause_too() {
        for (error, cause) in [
            (io::Error::from(ErrorKind::UnexpectedEof), Cause::Closed),
            (io::Error::from(ErrorKind::ConnectionReset), Cause::Closed),
            (io::Error::from(ErrorKind::TimedOut), Cause::TimedOut),
            (io::Error::from(ErrorKind::OutOfMemory), Cause::Other),
            (io::Error::other(HandshakeFault::from(Cause::PlainHttp)), Cause::PlainHttp),
            (io::Error::other(Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered)), Cause::OldTls),
            (io::Error::other(Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon)), Cause::NoCommonCipher),
            (io::Error::other(Error::NoApplicationProtocol), Cause::NoCommonProtocol),
            (io::Error::other(Error::DecryptError), Cause::NotTls),
        ] {
            assert_eq!(HandshakeFault::of(&error), HandshakeFault::from(cause));
            assert_eq!(HandshakeFault::by_alert(&error), None);
        }
    }
}
