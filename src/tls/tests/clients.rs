//! Tests of handshakes and of the identification of clients.

use rcgen::{CertificateParams, KeyPair};

use super::*;
use crate::domain::ids::TerminalAddress;

fn terminal() -> TerminalAddress {
    TerminalAddress::parse("9910000026-T1").unwrap()
}

fn foreign_reason(identity: ClientCertificate) -> String {
    match identity {
        ClientCertificate::Foreign { reason } => reason,
        other => panic!("expected a foreign certificate, got {other:?}"),
    }
}

#[test]
fn the_server_is_believed_under_every_name_in_both_versions() {
    let dir = tempfile::tempdir().unwrap();
    let authority = open_with(dir.path(), &["mock.example.jp", "203.0.113.5"], now()).unwrap();
    for version in VERSIONS {
        for name in ["localhost", "onshi-mock", "host.docker.internal", "127.0.0.1", "::1", "mock.example.jp", "203.0.113.5"] {
            let client = client_config(&authority, version, None);
            let server = handshake(&authority, client, name).unwrap();
            assert_eq!(server.protocol_version(), Some(version.version));
            assert_eq!(authority.identify(server.peer_certificates(), now()), ClientCertificate::None);
        }
        let client = client_config(&authority, version, None);
        handshake(&authority, client, "other.example.jp").unwrap_err();
    }
}

#[test]
fn a_terminal_is_known_by_its_certificate() {
    let (_dir, authority) = create();
    let issued = authority.issue_terminal(&terminal(), now()).unwrap();
    for version in VERSIONS {
        let client = client_config(&authority, version, Some(presented(&issued)));
        let server = handshake(&authority, client, "localhost").unwrap();
        assert_eq!(authority.identify(server.peer_certificates(), now()), ClientCertificate::Terminal(terminal()));
    }
}

#[test]
fn another_installations_terminal_counts_as_foreign() {
    let ((_a, ours), (_b, theirs)) = (create(), create());
    let issued = theirs.issue_terminal(&terminal(), now()).unwrap();
    for version in VERSIONS {
        let client = client_config(&ours, version, Some(presented(&issued)));
        let server = handshake(&ours, client, "localhost").unwrap();
        let reason = foreign_reason(ours.identify(server.peer_certificates(), now()));
        assert!(reason.contains("not by this installation's CA"), "{reason}");
    }
}

#[test]
fn what_is_no_certificate_counts_as_foreign() {
    let (_dir, authority) = create();
    let issued = authority.issue_terminal(&terminal(), now()).unwrap();
    for version in VERSIONS {
        let (_, key) = presented(&issued);
        let junk = vec![CertificateDer::from(b"junk".to_vec())];
        let client = client_config(&authority, version, Some((junk, key)));
        let server = handshake(&authority, client, "localhost").unwrap();
        let reason = foreign_reason(authority.identify(server.peer_certificates(), now()));
        assert!(reason.contains("not a readable X.509 certificate"), "{reason}");
    }
}

#[test]
fn a_stolen_certificate_without_its_key_fails_the_handshake() {
    let (_dir, authority) = create();
    let issued = authority.issue_terminal(&terminal(), now()).unwrap();
    for version in VERSIONS {
        let (chain, _) = presented(&issued);
        let other_key = KeyPair::generate().unwrap().into();
        let client = client_config(&authority, version, Some((chain, other_key)));
        handshake(&authority, client, "localhost").unwrap_err();
    }
}

#[test]
fn a_foreign_certificate_without_its_key_still_connects() {
    let (_dir, authority) = create();
    let certificate = CertificateParams::default().self_signed(&KeyPair::generate().unwrap());
    let chain = vec![certificate.unwrap().der().clone()];
    for version in VERSIONS {
        let other_key = KeyPair::generate().unwrap().into();
        let client = client_config(&authority, version, Some((chain.clone(), other_key)));
        let server = handshake(&authority, client, "localhost").unwrap();
        foreign_reason(authority.identify(server.peer_certificates(), now()));
    }
}

#[test]
fn a_terminal_certificate_expires() {
    let (_dir, authority) = create();
    let issued = authority.issue_terminal(&terminal(), now()).unwrap();
    let (chain, _) = presented(&issued);
    let reason = foreign_reason(authority.identify(Some(&chain), issued.not_after + days(1)));
    assert!(reason.contains("expired"), "{reason}");
}

#[test]
fn the_servers_own_certificate_is_no_terminals() {
    let (dir, authority) = create();
    let chain = [CertificateDer::from_pem_file(dir.path().join("server.pem")).unwrap()];
    foreign_reason(authority.identify(Some(&chain), now()));
    let chain = [CertificateDer::from_pem_file(dir.path().join("ca.pem")).unwrap()];
    foreign_reason(authority.identify(Some(&chain), now()));
}
