//! Tests of the certificates' directory over time.

use std::fs;
use std::net::IpAddr;

use super::*;
use crate::domain::ids::TerminalAddress;

#[test]
fn a_second_opening_keeps_everything() {
    let (dir, first) = create();
    assert_eq!(first.created_files(), CreatedFiles { ca: true, server: true });
    let second = open_with(dir.path(), &[], now()).unwrap();
    assert_eq!(second.created_files(), CreatedFiles { ca: false, server: false });
    assert_eq!(first.ca_pem(), second.ca_pem());
    assert_eq!(first.server(), second.server());
    let shown = Authority::open(dir.path()).unwrap();
    assert_eq!((shown.ca(), shown.server()), (first.ca(), first.server()));
    assert!(first.ca().subject.contains("onshi-mock CA - FOR TESTS ONLY"));
}

#[test]
fn two_installations_have_different_cas() {
    let ((_a, first), (_b, second)) = (create(), create());
    assert_ne!(first.ca().subject, second.ca().subject);
}

#[test]
fn a_later_name_inside_the_constraints_renews_the_server_alone() {
    let (dir, first) = create();
    let second = open_with(dir.path(), &["Sub.LocalHost", "10.1.2.3", "203.0.113.5"], now()).unwrap();
    assert_eq!(second.created_files(), CreatedFiles { ca: false, server: true });
    assert_eq!(first.ca_pem(), second.ca_pem());
    for name in ["sub.localhost", "10.1.2.3", "203.0.113.5", "localhost"] {
        handshake(&second, client_config(&first, &TLS13, None), name).unwrap();
    }
    // Existing names stay: an opening without them changes nothing.
    assert!(!open_with(dir.path(), &[], now()).unwrap().created_files().server);
}

#[test]
fn a_later_name_outside_is_refused_with_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let first = open_with(dir.path(), &["first.example.jp"], now()).unwrap();
    let error = open_with(dir.path(), &["10.0.0.9", "second.example.jp"], now()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, TlsError::OutsideConstraints { ref names, .. } if names == &["second.example.jp"]));
    let command = format!(
        "`onshi-mock certs init --new-ca --certs {} --tls-san first.example.jp --tls-san 10.0.0.9 --tls-san second.example.jp`",
        dir.path().display()
    );
    assert!(text.contains(&command), "{text}");
    assert_eq!(text.lines().count(), 2);
    let kept = open_with(dir.path(), &[], now()).unwrap();
    assert_eq!(kept.ca_pem(), first.ca_pem());

    let names = ["first.example.jp", "10.0.0.9", "second.example.jp"].map(str::to_owned);
    let options = OpenOptions { dir: dir.path(), extra_names: &names, listen: &[], new_ca: NewCa::default() };
    let recreated = Authority::recreate(options, now()).unwrap();
    assert_eq!(recreated.created_files(), CreatedFiles { ca: true, server: true });
    assert_ne!(recreated.ca_pem(), first.ca_pem());
    for name in &names {
        handshake(&recreated, client_config(&recreated, &TLS13, None), name).unwrap();
    }
}

#[test]
fn a_deleted_server_certificate_comes_back_with_the_dns_names_the_ca_was_made_for() {
    let dir = tempfile::tempdir().unwrap();
    open_with(dir.path(), &["mock.example.jp"], now()).unwrap();
    fs::remove_file(dir.path().join("server.pem")).unwrap();
    fs::remove_file(dir.path().join("server.key")).unwrap();
    let again = open_with(dir.path(), &[], now()).unwrap();
    assert_eq!(again.created_files(), CreatedFiles { ca: false, server: true });
    handshake(&again, client_config(&again, &TLS13, None), "mock.example.jp").unwrap();
}

#[test]
fn listening_addresses_are_names_unless_unspecified() {
    let dir = tempfile::tempdir().unwrap();
    let listen = ["0.0.0.0", "::", "192.168.7.8", "127.0.0.2"].map(|ip| ip.parse::<IpAddr>().unwrap());
    let options = OpenOptions { dir: dir.path(), extra_names: &[], listen: &listen, new_ca: NewCa::default() };
    let authority = Authority::open_or_create(options, now()).unwrap();
    let names = &authority.server().names;
    assert!(names.contains(&"192.168.7.8".to_owned()) && names.contains(&"127.0.0.2".to_owned()));
    assert!(!names.contains(&"0.0.0.0".to_owned()) && !names.contains(&"::".to_owned()));
}

#[test]
fn what_is_no_name_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (name, fault) in [
        ("", InvalidName::Empty),
        ("a b", InvalidName::Space),
        ("https://mock.example.jp", InvalidName::Url),
        ("mock.example.jp:8443", InvalidName::Port),
        ("[::1]", InvalidName::Port),
        ("*.example.jp", InvalidName::Wildcard),
        ("レセコン.example.jp", InvalidName::NotAscii),
        ("10.1.2", InvalidName::BrokenAddress),
        ("10.1.2.300", InvalidName::BrokenAddress),
        ("a..b", InvalidName::NotDns),
        ("-a.example.jp", InvalidName::NotDns),
        ("mock.example.jp.", InvalidName::NotDns),
    ] {
        match open_with(dir.path(), &[name], now()).unwrap_err() {
            TlsError::Name { fault: found, .. } => assert_eq!(found, fault, "{name}"),
            other => panic!("{name}: {other}"),
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn the_server_certificate_is_renewed_in_its_last_month() {
    let (dir, first) = create();
    let later = now() + days(789);
    assert!(!open_with(dir.path(), &[], later).unwrap().created_files().server);
    let later = now() + days(791);
    let renewed = open_with(dir.path(), &[], later).unwrap();
    assert_eq!(renewed.created_files(), CreatedFiles { ca: false, server: true });
    assert_eq!(renewed.ca_pem(), first.ca_pem());
    assert!(renewed.server().not_after > later + days(800));
    let whole_life = first.server().not_after.duration_since(first.server().not_before);
    assert!(whole_life <= days(825), "Apple's limit");
}

#[test]
fn at_the_end_of_the_ca_nothing_outlives_it_and_then_it_is_refused() {
    let (dir, first) = create();
    let last = first.ca().not_after - days(5);
    let renewed = open_with(dir.path(), &[], last).unwrap();
    assert_eq!(renewed.server().not_after, first.ca().not_after);
    assert!(!open_with(dir.path(), &[], last).unwrap().created_files().server);
    let issued = renewed.issue_terminal(&TerminalAddress::parse("9910000026-T1").unwrap(), last).unwrap();
    assert_eq!(issued.not_after, first.ca().not_after);
    for wrong in [first.ca().not_after, first.ca().not_before - days(1)] {
        let error = open_with(dir.path(), &[], wrong).unwrap_err();
        assert!(matches!(error, TlsError::CaNotValid { .. }), "{error}");
    }
}

#[test]
fn damaged_and_missing_files_are_named() {
    type Check = fn(&TlsError) -> bool;
    let cases: [(&str, Option<&str>, Check); 6] = [
        ("ca.key", None, |error| matches!(error, TlsError::Missing { .. })),
        ("ca.pem", None, |error| matches!(error, TlsError::Missing { .. })),
        ("ca.pem", Some("junk"), |error| matches!(error, TlsError::Malformed { .. })),
        ("ca.key", Some("junk"), |error| matches!(error, TlsError::Malformed { .. })),
        ("server.pem", Some("junk"), |error| matches!(error, TlsError::Malformed { .. })),
        ("server.key", Some("junk"), |error| matches!(error, TlsError::Malformed { .. })),
    ];
    for (name, contents, check) in cases {
        let (dir, _) = create();
        let file = dir.path().join(name);
        match contents {
            None => fs::remove_file(&file).unwrap(),
            Some(contents) => fs::write(&file, contents).unwrap(),
        }
        let error = open_with(dir.path(), &[], now()).unwrap_err();
        assert!(check(&error), "{name}: {error:?}");
        let text = error.to_string();
        assert!(text.contains(&file.display().to_string()), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}

#[test]
fn files_of_two_installations_do_not_pass_for_one() {
    for key in ["ca.key", "server.key"] {
        let ((ours, _), (theirs, _)) = (create(), create());
        fs::copy(theirs.path().join(key), ours.path().join(key)).unwrap();
        let error = open_with(ours.path(), &[], now()).unwrap_err();
        assert!(matches!(error, TlsError::KeyMismatch { .. }), "{error}");
    }
    let ((ours, _), (theirs, _)) = (create(), create());
    for file in ["server.pem", "server.key"] {
        fs::copy(theirs.path().join(file), ours.path().join(file)).unwrap();
    }
    let error = open_with(ours.path(), &[], now()).unwrap_err();
    assert!(matches!(error, TlsError::Malformed { expected: Expected::ServerOfThisCa, .. }), "{error}");
    let ((ours, _), (theirs, _)) = (create(), create());
    fs::copy(theirs.path().join("server.pem"), ours.path().join("ca.pem")).unwrap();
    let error = open_with(ours.path(), &[], now()).unwrap_err();
    assert!(matches!(error, TlsError::Malformed { expected: Expected::Ca, .. }), "{error}");
}

#[test]
fn a_start_killed_anywhere_is_made_good_by_the_next() {
    let written = ["ca.key", "ca.pem", "server.key", "server.pem"];
    for killed_after in 0..written.len() {
        let (dir, _) = create();
        for file in &written[killed_after..] {
            fs::remove_file(dir.path().join(file)).unwrap();
        }
        fs::write(dir.path().join("ca.pem.new"), "half").unwrap();
        let authority = open_with(dir.path(), &[], now()).unwrap();
        handshake(&authority, client_config(&authority, &TLS13, None), "localhost").unwrap();
    }
}

#[test]
fn starts_at_once_agree_on_one_ca() {
    let dir = tempfile::tempdir().unwrap();
    let pems: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| open_with(dir.path(), &[], now()).unwrap().ca_pem().to_owned())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(pems.iter().all(|pem| *pem == pems[0]));
}

#[cfg(unix)]
#[test]
fn keys_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, _) = create();
    for key in ["ca.key", "server.key"] {
        let mode = fs::metadata(dir.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
}

#[test]
fn showing_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let error = Authority::open(dir.path()).unwrap_err();
    assert!(matches!(error, TlsError::NothingThere { .. }), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_key_beside_the_certificate_in_one_file_is_not_handed_out() {
    let (dir, first) = create();
    let key = fs::read_to_string(dir.path().join("ca.key")).unwrap();
    let both = format!("{key}{}{key}", first.ca_pem());
    fs::write(dir.path().join("ca.pem"), both).unwrap();
    let again = open_with(dir.path(), &[], now()).unwrap();
    assert_eq!(again.ca_pem(), first.ca_pem());
}
