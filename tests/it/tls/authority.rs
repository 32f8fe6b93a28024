//! The CA that clients trust: handed out, written where asked, and kept from one start to the next.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use rcgen::{BasicConstraints, CertificateParams, CidrSubnet, GeneralSubtree, IsCa, KeyPair, NameConstraints};

use crate::server::program::command;
use crate::support::{Mock, trusting};

async fn handed_out(mock: &Mock) -> String {
    let answer = mock.client.get(format!("https://{}/ca.pem", mock.control)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-pem-file");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn the_ca_is_handed_out_as_it_is_in_its_file() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("trust.pem");
    let mock = Mock::start_with(|config| config.ca_out = Some(path.clone())).await;
    assert_eq!(handed_out(&mock).await, std::fs::read_to_string(mock.dir.path().join("certs/ca.pem")).unwrap());
    assert_eq!(std::fs::read_to_string(path).unwrap(), mock.ca_pem);
    assert!(!mock.ca_pem.contains("PRIVATE"));
}

#[tokio::test]
async fn a_second_start_keeps_the_ca_and_old_clients_still_trust_it() {
    let mut first = Mock::start().await;
    first.stop().await;
    let certs = first.dir.path().join("certs");
    let second = Mock::start_with(|config| config.certs = certs).await;
    assert_eq!(handed_out(&second).await, first.ca_pem);
    let old = trusting(&first.ca_pem).build().unwrap();
    assert!(old.get(format!("https://{}/healthz", second.control)).send().await.unwrap().status().is_success());
    let stranger = Mock::start().await;
    assert!(stranger.client.get(format!("https://{}/healthz", second.control)).send().await.is_err(), "each installation has its own CA");
}

/// What `certs init` says on standard error in `dir`, and whether it ended well.
fn init(dir: &Path, options: &[&str]) -> (bool, String) {
    let output = command(dir).args(["certs", "init"]).args(options).output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

/// What `serve` says on standard error until it is ready.
fn banner(dir: &Path) -> String {
    let ports = ["--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--store", "memory"];
    let mut child = command(dir).arg("serve").args(ports).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    child.kill().unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(ready.starts_with("onshi-mock ready "), "{ready}{said}");
    said
}

#[test]
fn a_ca_without_name_constraints_is_made_on_request_and_warned_of_at_every_start() {
    let dir = tempfile::tempdir().unwrap();
    let (made, said) = init(dir.path(), &["--no-name-constraints"]);
    assert!(made && said.contains("名前制約がありません") && said.contains("no name constraints"), "{said}");
    assert!(banner(dir.path()).contains("名前制約がありません"));
    let (made, said) = init(dir.path(), &["--no-name-constraints"]);
    assert!(made, "as it was made: {said}");
}

#[test]
fn options_that_only_count_when_a_ca_is_made_are_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let (made, said) = init(dir.path(), &[]);
    assert!(made && said.is_empty(), "{said}");
    for late in [&["--key", "rsa"][..], &["--no-name-constraints"]] {
        let (done, said) = init(dir.path(), late);
        assert!(!done && said.contains("--new-ca を加えて") && said.contains("Add --new-ca"), "{said}");
    }
    let (made, said) = init(dir.path(), &["--new-ca", "--key", "rsa"]);
    assert!(made && said.is_empty(), "{said}");
    let key = std::fs::read_to_string(dir.path().join("certs/server.key")).unwrap();
    assert_eq!(KeyPair::from_pem(&key).unwrap().algorithm(), &rcgen::PKCS_RSA_SHA256);
    assert!(!banner(dir.path()).contains("名前制約"));
}

#[test]
fn the_start_tells_of_a_ca_that_constrains_addresses_and_how_to_make_another() {
    let dir = tempfile::tempdir().unwrap();
    let certs = dir.path().join("certs");
    std::fs::create_dir(&certs).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let network = GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix([127, 0, 0, 0].into(), 8));
    let permitted_subtrees = vec![GeneralSubtree::DnsName("localhost".to_owned()), network];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    std::fs::write(certs.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(certs.join("ca.key"), key.serialize_pem()).unwrap();
    let said = banner(dir.path());
    assert_eq!(said.matches("`onshi-mock certs init --new-ca --certs certs`").count(), 2, "{said}");
    assert!(said.contains("以前のバージョンで作られ") && said.contains("unsupported name constraint type"), "{said}");
}
