//! A linkage folder as the world treats it: terminals that boot or are stuck, latency, odd names,
//! half-written files, other character sets.

use encoding_rs::SHIFT_JIS;
use onshi_mock::domain::ids::TerminalAddress;
use onshi_mock::linkage::LinkageLocation;
use serde_json::json;

use crate::support::eventually::wait_until;
use crate::support::request_files::{DATE, Folder, check, info_of, message, text, value};
use crate::support::{Mock, frozen, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

#[tokio::test]
async fn a_folder_is_there_when_its_institution_is_and_each_terminal_has_its_own() {
    let mock = Mock::with_folders().await;
    let terminals = json!({"T1": {}, "T2": {"starts": "pending"}});
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "clock": frozen(NOW), "terminals": terminals})).await;
    let [t1, t2] = ["T1", "T2"].map(|id| Folder(mock.dir.path().join(format!("oqs/{clinic}-{id}"))));
    for folder in [&t1, &t2] {
        assert!(["req", "res", "face"].iter().all(|name| folder.0.join(name).is_dir()), "at once");
        folder.put_request("OQSsiquc01req_1.xml", check(&clinic.code, "f"));
    }
    let (fine, pending) = (t1.wait_for("res/OQSsiquc01res_1.xml").await, t2.wait_for("res/OQSsiquc01res_1.xml").await);
    assert_eq!((value(&text(&fine), "ErrorCode"), value(&text(&pending), "ErrorCode")), (None, Some("MOCK0501E")));
}

#[tokio::test]
async fn a_booting_terminal_takes_nothing_until_it_is_up_and_a_stuck_one_refuses() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::STUCK, NOW).await;
    clinic.set_terminal(json!({"boot_time": "PT2M"})).await;
    clinic.restart().await;
    let folder = clinic.folder();
    folder.put_request("OQSsiquc01req_1.xml", check(&clinic.code, "f"));
    let other = mock.clinic(template::UP_TO_DATE, NOW).await;
    for i in 0..2 {
        other.folder().put_request(&format!("OQSsiquc01req_{i}.xml"), check(&other.code, "f"));
        other.folder().wait_for(&format!("res/OQSsiquc01res_{i}.xml")).await;
    }
    assert_eq!(folder.names("req"), ["OQSsiquc01req_1.xml"], "booting");
    clinic.advance("2026-01-20T10:02:00+09:00").await;
    let stuck = text(&folder.wait_for("res/OQSsiquc01res_1.xml").await);
    assert_eq!(value(&stuck, "ErrorCode"), clinic.check().await.error_code().as_str());
}

#[tokio::test]
async fn a_request_disappears_at_once_and_its_answer_comes_after_the_latency() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"linkage": {"latency": "PT2S"}})).await;
    let folder = clinic.folder();
    let dropped = std::time::Instant::now();
    folder.put_request("OQSsiquc01req_1.xml", check(&clinic.code, "f"));
    wait_until("it is taken", || folder.names("req").is_empty()).await;
    folder.wait_for("res/OQSsiquc01res_1.xml").await;
    // Not before, however busy the machine is; the two clocks may differ by a little.
    assert!(dropped.elapsed() >= std::time::Duration::from_millis(1900), "{:?}", dropped.elapsed());
    assert_eq!(clinic.last_entry().await["path"], "OQSsiquc01req_1.xml");
}

#[tokio::test]
async fn requests_in_either_set_are_answered_in_the_terminals_bytes() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let folder = clinic.folder();
    let asked = message(&clinic.code, DATE, &info_of("valid-family", "0"));
    folder.put_request("OQSsiquc01req_u.xml", &asked);
    folder.put_request("OQSsiquc01req_s.xml", SHIFT_JIS.encode(&asked.replace("UTF-8", "Shift_JIS")).0);
    let [u, s] = [folder.wait_for("res/OQSsiquc01res_u.xml").await, folder.wait_for("res/OQSsiquc01res_s.xml").await];
    assert_eq!(u, s, "the request's set changes nothing");
    let (decoded, _, broken) = SHIFT_JIS.decode(&u);
    assert!(!broken && decoded.starts_with("<?xml version=\"1.0\" encoding=\"Shift_JIS\" standalone=\"no\"?>"));
    assert_eq!(SHIFT_JIS.encode(&decoded).0, u.as_slice(), "and back again");
    assert_eq!((value(&decoded, "Name"), value(&decoded, "InsuredCardSymbol")), (Some("模擬　花子"), Some("試－２４")));

    folder.put_request("OQSsiquc01req_b.xml", SHIFT_JIS.encode(&asked).0);
    let err = folder.wait_for("res/OQSsiquc01req_b.err").await;
    assert!(SHIFT_JIS.decode(&err).0.contains("Shift_JIS としては読めます"), "declared as UTF-8");
}

#[tokio::test]
async fn a_file_without_a_message_or_with_another_kinds_name_says_what_is_wrong() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let folder = clinic.folder();
    let files = [
        ("foo.xml", check(&clinic.code, "f")),
        ("OQSsiquc09req_1.xml", check(&clinic.code, "f")),
        ("OQSsiquc01res_1.xml", check(&clinic.code, "f")),
        ("OQSsiquc01req_.xml", check(&clinic.code, "f")),
        ("OQSsiquc01req_1.xml", format!("<Msg>{}</Msg></XmlMsg>", "x")),
        ("OQSsiquc01req_2.xml", "<XmlMsg></XmlMsg>".to_owned()),
        ("OQSsiquc01req_3.xml", "<XmlMsg><MessageHeader/><MessageBody/></XmlMsg>".to_owned()),
        ("全角.xml", check(&clinic.code, "f")),
    ];
    for (name, content) in &files {
        folder.put_request(name, content);
    }
    for (name, _) in &files {
        let err = text(&folder.wait_for(&format!("res/{}.err", name.trim_end_matches(".xml"))).await);
        assert!(err.contains(name) && err.contains("MOCK0001E"), "{name}: {err}");
    }
    let journal = clinic.get("/journal").await.to_string();
    assert!(files.iter().all(|(name, _)| journal.contains(&format!("\"{name}\""))), "{journal}");
    let res = folder.names("res");
    assert!(
        !res.iter().any(|name| name.starts_with("OQSsiquc01res_") && !name.starts_with("OQSsiquc01res_1.")),
        "no answer among them: {res:?}"
    );
}

#[tokio::test]
async fn what_is_no_request_is_left_alone_and_a_half_written_one_is_waited_for() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let folder = clinic.folder();
    let req = folder.0.join("req");
    std::fs::write(req.join("OQSsiquc01req_1.tmp"), check(&clinic.code, "f")).unwrap();
    std::fs::write(req.join("notes.txt"), "x").unwrap();
    std::fs::create_dir(req.join("OQSsiquc01req_d.xml")).unwrap();
    let whole = check(&clinic.code, "half");
    let (half, rest) = whole.split_at(whole.len() / 2);
    std::fs::write(req.join("OQSsiquc01req_h.xml"), half).unwrap();
    for i in 0..2 {
        folder.put_request(&format!("OQSsiquc01req_x{i}.xml"), check(&clinic.code, "f"));
        folder.wait_for(&format!("res/OQSsiquc01res_x{i}.xml")).await;
    }
    assert_eq!(folder.names("req"), ["OQSsiquc01req_1.tmp", "OQSsiquc01req_d.xml", "OQSsiquc01req_h.xml", "notes.txt"]);
    let mut file = std::fs::OpenOptions::new().append(true).open(req.join("OQSsiquc01req_h.xml")).unwrap();
    std::io::Write::write_all(&mut file, rest.as_bytes()).unwrap();
    let answer = text(&folder.wait_for("res/OQSsiquc01res_h.xml").await);
    assert_eq!((value(&answer, "ArbitraryFileIdentifier"), value(&answer, "QualificationValidity")), (Some("half"), Some("1")));
}

#[tokio::test]
async fn the_same_name_again_replaces_the_answer_and_a_deleted_institution_takes_nothing() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let folder = clinic.folder();
    for identifier in ["first", "second"] {
        folder.put_request("OQSsiquc01req_1.xml", check(&clinic.code, identifier));
        let answered = || std::fs::read(folder.0.join("res/OQSsiquc01res_1.xml")).is_ok_and(|bytes| text(&bytes).contains(identifier));
        wait_until(identifier, answered).await;
    }
    clinic.remove().await;
    folder.put_request("OQSsiquc01req_2.xml", check(&clinic.code, "f"));
    let other = mock.clinic(template::PENDING, NOW).await;
    other.folder().put_request("OQSsiquc01req_1.xml", check(&other.code, "f"));
    other.folder().wait_for("res/OQSsiquc01res_1.xml").await;
    assert_eq!(folder.names("req"), ["OQSsiquc01req_2.xml"]);
    mock.clinic_with(json!({"template": template::UP_TO_DATE, "code": clinic.code, "clock": frozen(NOW)})).await;
    folder.wait_for("res/OQSsiquc01res_2.xml").await;
}

#[tokio::test]
async fn a_face_result_of_another_terminal_than_the_folders_own_lies_in_no_folder() {
    let mock = Mock::start_with(|config| {
        let only = Some(TerminalAddress::parse("9910000018-T1").unwrap());
        config.linkage = Some(LinkageLocation { dir: config.certs.with_file_name("OQS"), only });
    })
    .await;
    let folder = Folder(mock.dir.path().join("OQS"));
    for (code, in_folder) in [("9910000018", true), ("9940000018", false)] {
        let seen = mock.institution(code).present(json!({"person": "valid"})).await;
        assert_eq!(seen["file"]["in_folder"], in_folder, "{seen}");
    }
    assert_eq!(folder.names("face").len(), 1);
    assert!(!mock.dir.path().join("OQS/9940000018-T1").exists());
}

#[tokio::test]
async fn a_kind_that_exists_but_is_not_public_is_told_as_such() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let folder = clinic.folder();
    for kind in ["OQSsihvq", "OQSsionq", "OQSsihvd", "OQSsiurl", "OQSsiinq", "OQSsiupd", "EPSsiPIR", "PMHsiquc"] {
        let name = format!("{kind}01req_202601200001");
        folder.put_request(&format!("{name}.xml"), check(&clinic.code, "f"));
        let err = text(&folder.wait_for(&format!("res/{name}.err")).await);
        assert!(err.contains("MOCK0006E") && err.contains("電文の仕様が公開されていません"), "{err}");
        assert!(err.contains("this kind exists, its layout is not public"), "{err}");
        let entry = clinic.last_entry().await;
        let named = [entry["path"].as_str().unwrap(), entry["why"]["ja"].as_str().unwrap()];
        assert!(named[0].starts_with(kind) && named[1].starts_with(&kind[..3]), "{entry}");
        assert_eq!(entry["error"]["id"], "kind_not_public", "{entry}");
    }
}

#[tokio::test]
async fn by_a_setting_what_is_cleared_away_is_listed_once() {
    // Older than a day on any machine.
    let old: std::time::SystemTime = "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
    let names = ["res/OQSsiquc01res_old.xml", "res/del20260101000000.txt", "face/OQSsiquc01res_face_old.xml"];
    // All of it is there before the first look, which clears away; the next that does comes a
    // minute later.
    let mock = Mock::start_with(|config| {
        let dir = config.certs.with_file_name("oqs");
        for name in names {
            let path = dir.join("9910000018-T1").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::File::create(path).unwrap().set_modified(old).unwrap();
        }
        let (_, institutions) = onshi_mock::fixtures::FILES.into_iter().find(|(name, _)| *name == "institutions.toml").unwrap();
        let settings = "starts = \"up_to_date\", polling = false";
        let listing = institutions.replacen(settings, &format!("{settings}, linkage = {{ deletion_list = true }}"), 1);
        let fixtures = config.certs.with_file_name("fixtures");
        std::fs::create_dir(&fixtures).unwrap();
        std::fs::write(fixtures.join("institutions.toml"), listing).unwrap();
        config.fixtures = Some(fixtures);
        config.linkage = Some(LinkageLocation { dir, only: None });
    })
    .await;
    let folder = mock.institution(template::UP_TO_DATE).folder();
    wait_until("they are removed", || names.iter().all(|name| !folder.0.join(name).exists())).await;
    let lists = || folder.names("res");
    let length = |name: &String| std::fs::metadata(folder.0.join("res").join(name)).unwrap().len();
    wait_until("the list is written", || lists().first().is_some_and(|name| length(name) > 0)).await;
    let list = lists().remove(0);
    assert!(list.starts_with("del2") && list.ends_with(".txt"), "{list}");
    let listed = std::fs::read_to_string(folder.0.join("res").join(list)).unwrap();
    assert_eq!(listed, "OQSsiquc01res_face_old.xml\r\nOQSsiquc01res_old.xml\r\n");
}
