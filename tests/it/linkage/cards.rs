//! The patient's path: a card at the reader, the face result file, and the error screen of a
//! pending terminal.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::request_files::{text, value};
use crate::support::{Mock, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

#[tokio::test]
async fn a_card_writes_the_face_result_with_what_the_patient_consented_to() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let seen = clinic.present(json!({"person": "valid", "consents": {"pharmacists": "given", "diagnosis": "refused"}})).await;
    assert_eq!((seen["outcome"]["kind"].as_str(), seen["file"]["in_folder"].as_bool()), (Some("face_result"), Some(true)));
    let name = seen["file"]["name"].as_str().unwrap();
    assert!(name.starts_with(&format!("OQSsiquc01res_face_{clinic}")) && name.ends_with("_20260120100000.xml"), "{name}");
    assert_eq!(clinic.folder().names("face"), [name]);
    let face = text(&std::fs::read(clinic.folder().0.join("face").join(name)).unwrap());
    assert_eq!(face, seen["file"]["text"].as_str().unwrap());
    for (element, is_named) in [
        ("ReferenceClassification", Some("1")),
        ("QualificationConfirmationDate", Some("20260120")),
        ("QualificationValidity", Some("1")),
        ("Name", Some("模擬　太郎")),
        ("PharmacistsInfoConsFlg", Some("1")),
        ("PharmacistsInfoConsTime", Some("20260120100000")),
        ("PharmacistsInfoAvailableTime", Some("20260121100000")),
        ("DiagnosisInfoConsFlg", Some("0")),
        ("DiagnosisInfoConsTime", None),
        ("QualificationConfirmationKey", None),
        ("QualificationConfirmSearchInfo", None),
    ] {
        assert_eq!(value(&face, element), is_named, "{element}");
    }
    assert_eq!(clinic.last_entry().await["operation"], "card");
}

#[tokio::test]
async fn a_face_result_is_named_and_marked_as_captured_ones_are() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"linkage": {"confirmation_key": true}})).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let face = clinic.present(json!({"person": "valid"})).await;
        let name = face["file"]["name"].as_str().unwrap();
        let id = name.strip_prefix(&format!("OQSsiquc01res_face_{clinic}")).and_then(|rest| rest.strip_suffix("_20260120100000.xml"));
        let id = id.unwrap_or_else(|| panic!("{name}"));
        let is_lower_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        assert!(id.len() == 20 && is_lower_hex(id), "{name}");
        let text = face["file"]["text"].as_str().unwrap();
        let identifier = value(text, "ArbitraryFileIdentifier").unwrap();
        let url_safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        assert!(identifier.len() == 16 && identifier.ends_with('=') && identifier[..15].bytes().all(url_safe), "{identifier}");
        let key = value(text, "QualificationConfirmationKey").unwrap();
        assert!(key.len() == 32 && is_lower_hex(key), "{key}");
        seen.extend([id.to_owned(), identifier.to_owned(), key.to_owned()]);
    }
    assert_eq!(seen.len(), 9, "no two cards have one: {seen:?}");
}

#[tokio::test]
async fn face_results_are_encrypted_by_a_setting_of_their_own() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let check = crate::support::request_files::check(&clinic.code, "f1");
    for (linkage, face, answer) in [
        (json!({"encrypt_face": true, "encrypt": []}), ".zip", "OQSsiquc01res_1.xml"),
        (json!({"encrypt_face": false, "encrypt": ["OQSsiquc01"]}), ".xml", "OQSsiquc01res_1.zip"),
    ] {
        clinic.set_terminal(json!({ "linkage": linkage })).await;
        let seen = clinic.present(json!({"person": "valid"})).await;
        assert!(seen["file"]["name"].as_str().unwrap().ends_with(face), "{seen}");
        assert_eq!(clinic.file("OQSsiquc01req_1.xml", check.clone()).await.name, answer);
    }
}

#[tokio::test]
async fn the_face_result_of_someone_who_is_being_processed_says_so() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let seen = clinic.present(json!({"person": "processing"})).await;
    let face = seen["file"]["text"].as_str().unwrap();
    assert_eq!([value(face, "SegmentOfResult"), value(face, "QualificationValidity")], [Some("2"), None], "{face}");
}

#[tokio::test]
async fn a_pending_terminal_shows_its_error_and_writes_nothing_until_its_restart() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let refused = clinic.present(json!({"person": "valid"})).await;
    assert_eq!((refused["outcome"]["kind"].as_str(), refused["outcome"]["error"].as_str()), (Some("refused"), Some("restart_required")));
    assert!(refused["file"].is_null() && clinic.folder().names("face").is_empty());
    let screen = clinic.get("/terminals/T1/screen").await;
    assert!(screen.as_str().unwrap().contains("カードが置かれました：更新アプリケーションのインストール後"), "{screen}");

    clinic.restart().await;
    let screen = clinic.get("/terminals/T1/screen").await;
    assert!(!screen.as_str().unwrap().contains("カードが置かれました"), "a fresh boot shows nothing of before");
    assert_eq!(clinic.present(json!({"person": "valid"})).await["outcome"]["kind"], "face_result");
    assert_eq!(clinic.folder().names("face").len(), 1);
}

#[tokio::test]
async fn by_a_setting_a_pending_terminal_writes_an_error_file() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let readings = json!({"readings": {"card_while_pending": "error_file"}});
    clinic.change(readings).await;
    let refused = clinic.present(json!({"person": "valid"})).await;
    let face = refused["file"]["text"].as_str().unwrap();
    assert_eq!((value(face, "ErrorCode"), value(face, "ReferenceClassification")), (Some("MOCK0501E"), Some("1")));
    assert_eq!(clinic.folder().names("face").len(), 1);
    clinic.set_profile("silent").await;
    assert!(clinic.present(json!({"person": "valid"})).await["file"].is_null(), "silent is silent here, too");
}

#[tokio::test]
async fn other_cards_and_a_reader_without_power_write_nothing() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for (card, screen) in [("wrong", "002"), ("unreadable", "001"), ("expired", "006")] {
        let seen = clinic.present(json!({"person": "valid", "card": card})).await;
        assert_eq!(seen["outcome"]["kind"], "reader");
        assert!(seen["shown"]["ja"].as_str().unwrap().contains(screen), "{seen}");
    }
    clinic.reader_power(false).await;
    assert_eq!(clinic.present(json!({"person": "valid"})).await["outcome"]["kind"], "nothing");
    clinic.reader_power(true).await;
    clinic.power(false).await;
    assert_eq!(clinic.present(json!({"person": "valid"})).await["outcome"]["kind"], "nothing");
    assert_eq!(clinic.folder().names("face"), [""; 0]);
}

#[tokio::test]
async fn mistakes_are_named_and_an_external_terminal_has_a_reader_too() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::EXTERNAL, NOW).await;
    for (body, pointer) in [
        (json!({"person": "nobody"}), "/person"),
        (json!({}), "/person"),
        (json!({"person": "valid", "card": "torn"}), "/card"),
        (json!({"person": "valid", "consents": {"pharmacists": "perhaps"}}), "/consents"),
    ] {
        clinic.present(body.clone()).expect_unprocessable(pointer).await;
    }
    let seen = clinic.present(json!({"person": "valid"})).await;
    assert_eq!(
        (seen["outcome"]["kind"].as_str(), seen["file"]["in_folder"].as_bool()),
        (Some("face_result"), Some(false)),
        "no --linkage here"
    );
}

#[tokio::test]
async fn each_card_is_a_file_of_its_own_in_the_terminals_character_set_and_packing() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    for _ in 0..3 {
        clinic.present(json!({"person": "not-in-shift-jis"})).await;
    }
    let names = clinic.folder().names("face");
    assert_eq!(names.len(), 3, "the clock stands still: {names:?}");
    for name in &names {
        let face = text(&std::fs::read(clinic.folder().0.join("face").join(name)).unwrap());
        assert_eq!((value(&face, "Name"), value(&face, "CharacterCodeIdentifier")), (Some("〓田　模子"), Some("1")));
    }
    assert!(clinic.last_entry().await["notes"].to_string().contains("U+20BB7"));
    clinic.set_terminal(json!({"linkage": {"encrypt_face": true}})).await;
    let zipped = clinic.present(json!({"person": "valid"})).await;
    let name = zipped["file"]["name"].as_str().unwrap();
    assert!(name.ends_with(".zip") && clinic.folder().names("face").contains(&name.to_owned()), "{name}");
}

#[tokio::test]
async fn every_person_can_present_a_card() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let fixtures = onshi_mock::fixtures::Fixtures::compiled_in(jiff::civil::date(2026, 1, 20)).0.unwrap();
    for person in &*fixtures.persons {
        let seen = clinic.present(json!({"person": person.id})).await;
        let face = seen["file"]["text"].as_str().unwrap_or_else(|| panic!("{}: {seen}", person.id));
        let is_named = value(face, "Name").is_some_and(|name| name == person.name);
        match person.id.as_str() {
            "refused" => assert_eq!(value(face, "ProcessingResultCode"), Some("MOCK0801E"), "{face}"),
            id => assert!(is_named || value(face, "QualificationValidity") != Some("1"), "{id}: {face}"),
        }
    }
}

#[tokio::test]
async fn a_stuck_terminal_shows_another_error_after_its_restart_and_still_writes_nothing() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::STUCK, NOW).await;
    assert_eq!(clinic.present(json!({"person": "valid"})).await["outcome"]["error"], "restart_required");
    clinic.restart().await;
    let seen = clinic.present(json!({"person": "valid"})).await;
    assert_eq!(seen["outcome"]["error"], "restart_did_not_help", "{seen}");
    assert!(seen["file"].is_null() && clinic.folder().names("face").is_empty());
    let screen = clinic.get("/terminals/T1/screen").await;
    assert!(screen.as_str().unwrap().contains("カードが置かれました"));
}

/// The route for terminals elsewhere answers with the file instead of writing it.
#[tokio::test]
async fn a_terminal_elsewhere_gets_the_face_result_in_the_answer() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let path = format!("/linkage/v1/terminals/{clinic}-T1/cards");
    let ask = |body: Value| mock.send(mock.backend(Method::POST, &path).json(&body));
    let seen = ask(json!({"person": "valid", "consents": {"pharmacists": "given"}})).await;
    assert_eq!((seen.status, &seen.body["outcome"]["kind"]), (StatusCode::OK, &json!("face_result")), "{}", seen.body);
    let bytes = BASE64_STANDARD.decode(seen.body["file"]["base64"].as_str().unwrap()).unwrap();
    assert_eq!(value(&text(&bytes), "PharmacistsInfoConsFlg"), Some("1"));
    let wrong = ask(json!({"person": "valid", "card": "wrong"})).await.body;
    assert_eq!((&wrong["outcome"]["kind"], wrong.get("file")), (&json!("reader"), None));
    for (body, words) in
        [(json!({"person": "nobody"}), "使える ID: valid"), (json!({}), "person"), (json!([]), "JSON"), (json!({"person": 1}), "型")]
    {
        let refused = ask(body.clone()).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::BAD_REQUEST, &json!("MOCK0001E")), "{body}");
        assert!(refused.body["detail"].as_str().unwrap().contains(words), "{}", refused.body);
    }
    let pending = mock.clinic(template::PENDING, NOW).await;
    let path = format!("/linkage/v1/terminals/{pending}-T1/cards");
    let seen = mock.send(mock.backend(Method::POST, &path).json(&json!({"person": "valid"}))).await.body;
    assert_eq!((&seen["outcome"]["kind"], seen.get("file")), (&json!("refused"), None), "{seen}");
    assert!(seen["shown"]["ja"].as_str().unwrap().contains("再起動されていないため"), "{seen}");
}

#[tokio::test]
async fn a_person_is_meant_by_id_name_or_number_and_one_that_several_have_is_asked_about() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let persons = ["valid", "模擬　太郎", "模擬 太郎", "模擬太郎", "ﾓｷﾞ ﾀﾛｳ", "モギ　タロウ"];
    for person in persons {
        let text = clinic.present(json!({"person": person})).await["file"]["text"].as_str().unwrap().to_owned();
        assert!(text.contains("<Name>模擬　太郎</Name>"), "{person}: {text}");
    }
    let of_own = |id: &str, name: &str, number: &str| {
        let held = json!([{"card": "01", "insurer_number": "01990019", "insurer_name": "模擬健康保険協会", "number": number, "from": "2020-04-01"}]);
        json!({"id": id, "name": name, "name_kana": "ﾓｷﾞ", "sex": "male", "birthdate": "1980-01-01", "qualifications": held})
    };
    let own = json!([of_own("a", "模擬　一", "77"), of_own("b", "模擬　二", "88"), of_own("c", "模擬　三", "88")]);
    clinic.put("/persons", json!({"persons": own})).await;
    let seen = clinic.present(json!({"person": "７７"})).await;
    assert!(seen["file"]["text"].as_str().unwrap().contains("<Name>模擬　一</Name>"), "{seen}");
    let problem = clinic.present(json!({"person": "88"})).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(problem["expected"], "b (模擬　二), c (模擬　三)", "{problem}");
}
