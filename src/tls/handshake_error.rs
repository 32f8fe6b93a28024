//! The mapping from errors of rustls and the operating system to the cause of a failed
//! handshake.

use std::io::{self, ErrorKind};

use rustls::{AlertDescription, Error, PeerIncompatible};

use crate::domain::handshake::Cause;

/// Why a handshake failed. [`of`](Self::of) recovers it from an [`io::Error`] that wraps it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TLS handshake: {}", cause.name())]
pub struct HandshakeError {
    /// The cause.
    pub cause: Cause,
    /// The alert that the client sent, if any: its name in RFC 8446, such as `unknown_ca`, or
    /// its number.
    pub alert: Option<String>,
}

impl HandshakeError {
    /// Determines why a handshake failed from the error with which it ended.
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

    /// Returns the fault if an alert ended the connection. Clients that check the certificate
    /// only after the handshake send the alert then.
    pub fn from_alert(error: &io::Error) -> Option<Self> {
        match error.get_ref()?.downcast_ref::<Error>()? {
            error @ Error::AlertReceived(_) => Some(Self::from(error)),
            _ => None,
        }
    }
}

impl From<Cause> for HandshakeError {
    fn from(cause: Cause) -> Self {
        Self { cause, alert: None }
    }
}

impl From<&Error> for HandshakeError {
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
        // TLS 1.2 introduced this extension. Clients of earlier versions lack it, and rustls
        // checks it before the version.
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
        // A signature that does not verify, for example under another CA of the same name.
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

/// Returns an alert's name in the spelling of the RFC: `unknown_ca` for rustls's `UnknownCA`.
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
            let fault = HandshakeError { cause, alert: Some(name.to_owned()) };
            assert_eq!(HandshakeError::of(&error), fault);
            assert_eq!(HandshakeError::from_alert(&error), Some(fault));
        }
    }

    #[test]
    fn what_is_no_alert_has_a_cause_too() {
        for (error, cause) in [
            (io::Error::from(ErrorKind::UnexpectedEof), Cause::Closed),
            (io::Error::from(ErrorKind::ConnectionReset), Cause::Closed),
            (io::Error::from(ErrorKind::TimedOut), Cause::TimedOut),
            (io::Error::from(ErrorKind::OutOfMemory), Cause::Other),
            (io::Error::other(HandshakeError::from(Cause::PlainHttp)), Cause::PlainHttp),
            (io::Error::other(Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered)), Cause::OldTls),
            (io::Error::other(Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon)), Cause::NoCommonCipher),
            (io::Error::other(Error::NoApplicationProtocol), Cause::NoCommonProtocol),
            (io::Error::other(Error::DecryptError), Cause::NotTls),
        ] {
            assert_eq!(HandshakeError::of(&error), HandshakeError::from(cause));
            assert_eq!(HandshakeError::from_alert(&error), None);
        }
    }
}
