//! Tests of what a CA permits, by how and when it was created.

use std::fs;
use std::net::Ipv4Addr;

use rcgen::{BasicConstraints, CidrSubnet, GeneralSubtree, IsCa, KeyPair};
use x509_parser::extensions::GeneralName;

use super::*;
use crate::domain::ids::TerminalAddress;
use crate::tls::ca::Ca;
use crate::tls::server::Server;

fn open_as(dir: &Path, new_ca: NewCa) -> Result<Authority, TlsError> {
    Authority::open_or_create(OpenOptions { dir, extra_names: &[], listen: &[], new_ca }, now())
}

/// Issues a server certificate for `name` with the CA in `dir`, permitted or not, as anyone
/// with its key can.
fn forge(dir: &Path, name: &str) -> Authority {
    let ca = Ca::load(dir, &[]).unwrap().unwrap();
    Server::create(dir, &ca, &[Name::parse(name).unwrap()], now()).unwrap();
    Authority::open(dir).unwrap()
}

/// Writes a CA into `dir` that permits `permitted`; without the extension if that is empty.
fn put_ca(dir: &Path, common_name: &str, permitted: Vec<GeneralSubtree>) {
    let key = KeyPair::generate().unwrap();
    let mut params = certificate::params("onshi-mock", common_name, now(), now() + days(3650));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.name_constraints =
        (!permitted.is_empty()).then(|| rcgen::NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    fs::write(dir.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(dir.join("ca.key"), key.serialize_pem()).unwrap();
}

/// Writes a CA as earlier versions created it.
fn put_ca_with_addresses(dir: &Path) {
    let domains = ["localhost", "onshi-mock", "host.docker.internal", "mock.example.jp"];
    let mut permitted: Vec<_> = domains.into_iter().map(|domain| GeneralSubtree::DnsName(domain.to_owned())).collect();
    for (address, prefix) in [("127.0.0.0", 8), ("10.0.0.0", 8), ("::1", 128), ("203.0.113.5", 32)] {
        permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address.parse().unwrap(), prefix)));
    }
    put_ca(dir, "onshi-mock CA - FOR TESTS ONLY 0a0b0c0d", permitted);
}

#[test]
fn a_new_ca_constrains_dns_names_and_no_addresses() {
    let (dir, authority) = create();
    assert_eq!(authority.name_constraints(), NameConstraints::DnsNames);
    let der = CertificateDer::from_pem_file(dir.path().join("ca.pem")).unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
    let extension = parsed.name_constraints().unwrap().unwrap();
    assert!(extension.critical);
    let permitted = extension.value.permitted_subtrees.as_ref().unwrap();
    assert!(permitted.iter().all(|subtree| matches!(subtree.base, GeneralName::DNSName(_))), "{permitted:?}");

    let address = Ipv4Addr::new(198, 51, 100, 7).to_string();
    let by_address = forge(dir.path(), &address);
    handshake(&by_address, client_config(&authority, &TLS13, None), &address).expect("any address is permitted");
    let by_name = forge(dir.path(), "www.example.jp");
    for version in VERSIONS {
        let error = handshake(&by_name, client_config(&authority, version, None), "www.example.jp").unwrap_err();
        assert!(matches!(error, rustls::Error::InvalidCertificate(_)), "a foreign name is not: {error}");
    }
}

#[test]
fn a_ca_of_an_earlier_version_stays_and_works_and_is_told_from_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    put_ca_with_addresses(dir.path());
    let kept = fs::read_to_string(dir.path().join("ca.pem")).unwrap();
    let authority = open_with(dir.path(), &["10.0.0.9"], now()).unwrap();
    assert_eq!(authority.created_files(), CreatedFiles { ca: false, server: true });
    assert_eq!(authority.name_constraints(), NameConstraints::DnsNamesAndAddresses);
    assert_eq!(fs::read_to_string(dir.path().join("ca.pem")).unwrap(), kept);
    for name in ["localhost", "127.0.0.1", "10.0.0.9", "mock.example.jp", "203.0.113.5"] {
        handshake(&authority, client_config(&authority, &TLS12, None), name).unwrap();
    }
    let command = format!(
        "onshi-mock certs init --new-ca --certs {} --tls-san mock.example.jp --tls-san 203.0.113.5 --tls-san 10.0.0.9",
        dir.path().display()
    );
    assert_eq!(authority.new_ca_command(dir.path()), command);
    let error = open_with(dir.path(), &["198.51.100.7"], now()).unwrap_err();
    assert!(matches!(error, TlsError::OutsideConstraints { .. }), "{error}");
}

#[test]
fn a_ca_without_constraints_says_so_in_its_name_and_is_taken_again() {
    let dir = tempfile::tempdir().unwrap();
    let unconstrained = NewCa { unconstrained: true, ..NewCa::default() };
    let made = open_as(dir.path(), unconstrained).unwrap();
    assert_eq!(made.name_constraints(), NameConstraints::None);
    assert!(made.ca().subject.contains("onshi-mock CA - FOR TESTS ONLY, NO NAME CONSTRAINTS"), "{}", made.ca().subject);
    let again = open_with(dir.path(), &["www.example.jp"], now()).unwrap();
    assert_eq!((again.created_files().ca, again.ca_pem()), (false, made.ca_pem()));
    handshake(&again, client_config(&made, &TLS13, None), "www.example.jp").unwrap();
    assert!(again.new_ca_command(dir.path()).ends_with(" --tls-san www.example.jp --no-name-constraints"));
}

#[test]
fn a_ca_that_would_vouch_for_any_name_without_saying_so_is_refused() {
    let addresses = vec![GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix("10.0.0.0".parse().unwrap(), 8))];
    for permitted in [Vec::new(), addresses] {
        let dir = tempfile::tempdir().unwrap();
        put_ca(dir.path(), "Some company's CA", permitted);
        let error = open_with(dir.path(), &[], now()).unwrap_err();
        assert!(matches!(error, TlsError::Malformed { expected: Expected::Ca, .. }), "{error}");
    }
}

#[test]
fn under_an_rsa_ca_every_key_is_rsa() {
    let dir = tempfile::tempdir().unwrap();
    open_as(dir.path(), NewCa { key: KeyKind::Rsa, ..NewCa::default() }).unwrap();
    // The second opening does not name the kind of key.
    let authority = open_with(dir.path(), &[], now()).unwrap();
    assert_eq!(authority.key_kind(), KeyKind::Rsa);
    assert!(authority.new_ca_command(dir.path()).ends_with(" --key rsa"));
    let terminal = TerminalAddress::parse("9910000026-T1").unwrap();
    let issued = authority.issue_terminal(&terminal, now()).unwrap();
    for key in [fs::read_to_string(dir.path().join("server.key")).unwrap(), issued.private_key_pem.clone()] {
        assert_eq!(KeyPair::from_pem(&key).unwrap().algorithm(), &rcgen::PKCS_RSA_SHA256);
    }
    for version in VERSIONS {
        let client = client_config(&authority, version, Some(presented(&issued)));
        let server = handshake(&authority, client, "127.0.0.1").unwrap();
        assert_eq!(authority.identify(server.peer_certificates(), now()), ClientCertificate::Terminal(terminal.clone()));
    }
}
