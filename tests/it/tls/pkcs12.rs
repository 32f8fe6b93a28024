//! Terminal certificates as PKCS#12, read by the programs that people import them with.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use crate::server::program::{Program, command};

const ID: &str = "9910000026-T1";

/// Issues a terminal certificate, and returns the password of its PKCS#12 file.
fn issue(dir: &Path) -> String {
    let output = command(dir).args(["certs", "issue", ID]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let password = text.lines().find_map(|line| line.strip_prefix("PKCS#12 password "));
    password.unwrap_or_else(|| panic!("no password in:\n{text}")).to_owned()
}

/// What a program prints; it has to succeed.
fn run(dir: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).current_dir(dir).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The base64 of a PEM block.
fn base64(pem: &str, kind: &str) -> String {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {kind}-----")).unwrap_or_else(|| panic!("no {kind} in:\n{pem}"));
    rest.split("-----END").next().unwrap_or_default().split_whitespace().collect()
}

#[test]
fn openssl_reads_key_certificate_and_ca() {
    let dir = tempfile::tempdir().unwrap();
    let password = format!("pass:{}", issue(dir.path()));
    let file = format!("{ID}.p12");
    let read = |options: &[&str]| run(dir.path(), "openssl", &[&["pkcs12", "-in", &file, "-passin", &password][..], options].concat());
    let stored = |file: &str| std::fs::read_to_string(dir.path().join(file)).unwrap();

    assert_eq!(base64(&read(&["-nocerts", "-nodes"]), "PRIVATE KEY"), base64(&stored(&format!("{ID}.key")), "PRIVATE KEY"));
    let own = read(&["-nokeys", "-clcerts"]);
    assert_eq!(base64(&own, "CERTIFICATE"), base64(&stored(&format!("{ID}.pem")), "CERTIFICATE"));
    assert!(own.contains(&format!("friendlyName: {ID}")), "{own}");
    assert_eq!(base64(&read(&["-nokeys", "-cacerts"]), "CERTIFICATE"), base64(&stored("certs/ca.pem"), "CERTIFICATE"));

    let wrong =
        Command::new("openssl").current_dir(dir.path()).args(["pkcs12", "-in", &file, "-passin", "pass:another", "-nodes"]).output();
    assert!(!wrong.unwrap().status.success(), "another password must not open it");
}

#[test]
fn keytool_lists_it_as_a_key_with_its_chain() {
    let dir = tempfile::tempdir().unwrap();
    let password = issue(dir.path());
    let file = format!("{ID}.p12");
    let list = ["-J-Duser.language=en", "-list", "-v", "-storetype", "PKCS12", "-keystore", &file, "-storepass", &password];
    let listed = run(dir.path(), "keytool", &list);
    for words in [&*format!("Alias name: {}", ID.to_lowercase()), "Entry type: PrivateKeyEntry", "Certificate chain length: 2"] {
        assert!(listed.contains(words), "no `{words}` in:\n{listed}");
    }
}

#[test]
fn curl_presents_it_and_the_server_knows_the_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let password = issue(dir.path());
    let server = Program::start(dir.path(), &["--store", "memory", "--client-auth", "required"]);
    let url = format!("{}/oqs-api-pro/MSA12020/ILI12020SV01/auth", server.url("backend"));
    let certificate = format!("{ID}.p12:{password}");
    let common = ["--silent", "--cacert", "certs/ca.pem", "--json", "{}", "--write-out", " %{http_code}", &url];
    let answer = run(dir.path(), "curl", &[&["--cert-type", "P12", "--cert", &certificate], &common[..]].concat());
    assert!(answer.ends_with(" 200") && answer.contains("idToken"), "{answer}");
    let refused = run(dir.path(), "curl", &common);
    assert!(!refused.ends_with(" 200"), "without a certificate: {refused}");
}
