//! The linkage folder on the disk: taking, answering, errors, and what must not get out of it.

use onshi_mock::domain::ids::TerminalAddress;
use onshi_mock::linkage::LinkageLocation;

use crate::support::eventually::{eventually, wait_until};
use crate::support::request_files::{Folder, check, text, value};
use crate::support::{Mock, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

#[tokio::test]
async fn a_request_disappears_and_its_answer_appears_under_its_name() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let folder = clinic.folder();
    assert_eq!(folder.names("req"), [""; 0], "made with the institution");
    folder.put_request("OQSsiquc01req_20260120000001.xml", check(&clinic.code, "f-1"));
    let answer = text(&folder.wait_for("res/OQSsiquc01res_20260120000001.xml").await);
    assert_eq!((value(&answer, "ArbitraryFileIdentifier"), value(&answer, "QualificationValidity")), (Some("f-1"), Some("1")));
    assert_eq!(folder.names("req"), [""; 0]);
    let entry = clinic.last_entry().await;
    assert_eq!((entry["operation"].as_str(), entry["method"].as_str()), (Some("linkage"), Some("FILE")));
    assert_eq!(entry["result_files"], "in_place");
    assert_eq!(entry["path"], "OQSsiquc01req_20260120000001.xml");
}

#[tokio::test]
async fn a_terminal_that_is_pending_refuses_and_one_that_is_off_takes_nothing() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let folder = clinic.folder();
    folder.put_request("OQSsiquc01req_1.xml", check(&clinic.code, "f-1"));
    let refused = text(&folder.wait_for("res/OQSsiquc01res_1.xml").await);
    assert_eq!((value(&refused, "ErrorCode"), value(&refused, "ArbitraryFileIdentifier")), (Some("MOCK0501E"), Some("f-1")));

    clinic.power(false).await;
    folder.put_request("OQSsiquc01req_2.xml", check(&clinic.code, "f-2"));
    // Another terminal's folder is looked at in turn with this one: two answers there are two looks
    // here.
    let other = mock.clinic(template::UP_TO_DATE, NOW).await;
    for i in 0..2 {
        other.folder().put_request(&format!("OQSsiquc01req_{i}.xml"), check(&other.code, "f"));
        other.folder().wait_for(&format!("res/OQSsiquc01res_{i}.xml")).await;
    }
    assert_eq!(folder.names("req"), ["OQSsiquc01req_2.xml"]);
    clinic.power(true).await;
    let answer = text(&folder.wait_for("res/OQSsiquc01res_2.xml").await);
    assert_eq!(value(&answer, "QualificationValidity"), Some("1"), "the plug was a boot");
}

#[tokio::test]
async fn profiles_hold_in_the_folder_too() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let folder = clinic.folder();
    for (i, (profile, has_body)) in [("http", true), ("bare", false), ("envelope", true)].into_iter().enumerate() {
        clinic.set_profile(profile).await;
        folder.put_request(&format!("OQSsiquc01req_{i}.xml"), check(&clinic.code, "f"));
        let refused = text(&folder.wait_for(&format!("res/OQSsiquc01res_{i}.xml")).await);
        assert_eq!((value(&refused, "ErrorCode"), refused.contains("<MessageBody>")), (Some("MOCK0501E"), has_body), "{profile}");
    }
    let before = folder.names("res");
    clinic.set_profile("silent").await;
    folder.put_request("OQSsiquc01req_s.xml", check(&clinic.code, "f"));
    // Taken from the folder is not yet answered.
    eventually("the request is in the journal", async || {
        let journal = clinic.get("/journal").await;
        if journal["entries"].as_array().unwrap().len() == 4 { Ok(()) } else { Err(journal) }
    })
    .await;
    clinic.set_profile("envelope").await;
    folder.put_request("OQSsiquc01req_t.xml", check(&clinic.code, "f"));
    folder.wait_for("res/OQSsiquc01res_t.xml").await;
    assert_eq!(folder.names("res").len(), before.len() + 1, "no file for the silent one");
}

#[tokio::test]
async fn a_malformed_request_moves_to_res_with_its_err() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let folder = clinic.folder();
    for (name, content, said) in [
        ("OQSsiquc01req_1.xml", "<XmlMsg>\n<a></XmlMsg>", ["2行4列", "Line 2, column 4"]),
        ("OQSsiquc01req_2.xml", "<!DOCTYPE x []><XmlMsg></XmlMsg>", ["DTD", "DTD"]),
        (
            "OQSsiquc01req_3.xml",
            "<?xml version='1.0' encoding='EUC-JP'?><XmlMsg></XmlMsg>",
            ["UTF-8 または Shift_JIS", "UTF-8 or Shift_JIS"],
        ),
        ("OQSsiquc01req_4.xml", "<Other><XmlMsg/></Other></XmlMsg>", ["終了タグ </XmlMsg>", "the end tag </XmlMsg>"]),
        ("memo.xml", "<XmlMsg></XmlMsg>", ["ファイル名「memo.xml」", "`memo.xml`"]),
    ] {
        folder.put_request(name, content);
        let base = name.trim_end_matches(".xml");
        let moved = String::from_utf8(folder.wait_for(&format!("res/{name}")).await).unwrap();
        let err = std::fs::read_to_string(folder.0.join(format!("res/{base}.err"))).unwrap();
        assert!(said.iter().all(|said| err.contains(said)) && err.contains("MOCK0001E") && err.contains("\r\n"), "{err}");
        assert_eq!(moved, content, "moved as it was");
    }
    assert_eq!(folder.names("req"), [""; 0]);
}

#[tokio::test]
async fn one_folder_can_be_one_terminals() {
    let mock = Mock::start_with(|config| {
        let only = Some(TerminalAddress::parse("9910000018-T1").unwrap());
        config.linkage = Some(LinkageLocation { dir: config.certs.with_file_name("OQS"), only });
    })
    .await;
    let folder = Folder(mock.dir.path().join("OQS"));
    wait_until("the folder is made", || folder.0.join("face").exists()).await;
    folder.put_request("OQSsiquc01req_1.xml", check("9910000018", "f"));
    folder.wait_for("res/OQSsiquc01res_1.xml").await;
    folder.put_request("OQSsiquc01req_2.xml", check("9910000026", "f"));
    let refused = text(&folder.wait_for("res/OQSsiquc01res_2.xml").await);
    assert_eq!(value(&refused, "ErrorCode"), Some("MOCK0103E"), "{refused}");
}

#[tokio::test]
async fn an_orderly_restart_answers_each_request_once() {
    let mut mock = Mock::with_folders().await;
    let folder = mock.institution(template::UP_TO_DATE).folder();
    wait_until("the folder is made", || folder.0.join("face").exists()).await;
    let name = |i: usize, what: &str| format!("OQSsiquc01{what}_{i:03}.xml");
    (0..100).for_each(|i| folder.put_request(&name(i, "req"), check("9910000018", &format!("f-{i}"))));
    wait_until("some are answered", || !folder.names("res").is_empty()).await;
    mock.stop().await;
    let answered = folder.names("res");
    for done in &answered {
        std::fs::remove_file(folder.0.join("res").join(done)).unwrap();
    }
    let dir = folder.0.parent().unwrap().to_owned();
    let again = Mock::start_with(|config| config.linkage = Some(LinkageLocation { dir, only: None })).await;
    folder.put_request(&name(100, "req"), check("9910000018", "last"));
    wait_until("the rest is answered", || folder.names("res").len() == 101 - answered.len()).await;
    assert!(answered.iter().all(|done| !folder.names("res").contains(done)), "none twice");
    assert_eq!(again.institution(template::UP_TO_DATE).get("/journal").await["evicted"], 0);
}

#[tokio::test]
async fn a_thousand_requests_at_once_are_each_answered_once() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let folder = clinic.folder();
    (0..1000).for_each(|i| folder.put_request(&format!("OQSsiquc01req_{i:04}.xml"), check(&clinic.code, &format!("f-{i:04}"))));
    wait_until("all are answered", || folder.names("res").len() == 1000).await;
    for i in 0..1000 {
        let answer = text(&folder.wait_for(&format!("res/OQSsiquc01res_{i:04}.xml")).await);
        assert_eq!(value(&answer, "ArbitraryFileIdentifier"), Some(&*format!("f-{i:04}")));
    }
    let journal = clinic.get("/journal?limit=500").await;
    let kept = journal["entries"].as_array().unwrap().len() as u64;
    assert_eq!(kept + journal["evicted"].as_u64().unwrap(), 1000, "none twice");
}
