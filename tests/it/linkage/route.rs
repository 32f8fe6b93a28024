//! The linkage route: who may ask it, for which terminal, and the form in which each kind of answer
//! leaves.

use std::io::{Cursor, Read};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::backend::identity::certified;
use crate::support::request_files::{DATE, check, element, info_of, message, value};
use crate::support::template::PHARMACY;
use crate::support::{Clinic, Mock, ReceiptComputer, SEARCH, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

async fn put(computer: &ReceiptComputer<'_>, terminal: &str, content: String) -> (StatusCode, String) {
    let path = format!("/linkage/v1/terminals/{terminal}/files/OQSsiquc01req_1.xml");
    let response = computer.request(Method::POST, &path).body(content).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_certificate_or_a_token_of_another_terminal_is_refused() {
    let mock = Mock::start().await;
    let t1 = certified(&mock.institution(PHARMACY), "T1").await;
    let asked = || check(PHARMACY, "f");
    let (status, answer) = put(&t1, &format!("{PHARMACY}-T1"), asked()).await;
    assert_eq!((status, value(&answer, "QualificationValidity")), (StatusCode::OK, Some("1")));
    let (status, answer) = put(&t1, &format!("{PHARMACY}-T2"), asked()).await;
    assert!(status == StatusCode::FORBIDDEN && answer.contains("MOCK0103E"), "{status} {answer}");

    let token = mock.login(json!({"userId": format!("{PHARMACY}-T2")})).await;
    let (status, answer) = put(&mock.receipt_computer().with_token(&token), &format!("{PHARMACY}-T2"), asked()).await;
    assert_eq!((status, value(&answer, "ErrorCode")), (StatusCode::OK, Some("MOCK0501E")), "that one is pending");
    let (status, answer) = put(&mock.receipt_computer().with_token(&token), &format!("{PHARMACY}-T1"), asked()).await;
    assert!(status == StatusCode::FORBIDDEN && answer.contains("MOCK0103E"), "{status} {answer}");
    let (status, answer) = put(&mock.receipt_computer().with_token(&token), "9910000018-T1", check("9910000018", "f")).await;
    assert!(status == StatusCode::FORBIDDEN && answer.contains("MOCK0103E"), "{status} {answer}");
}

#[tokio::test]
async fn a_terminal_that_does_not_exist_or_is_no_address_is_a_problem() {
    let mock = Mock::start().await;
    for terminal in ["9910000018-T9", "9999999999-T1", "T1", "..%2F..%2F9910000018-T1"] {
        let (status, answer) = put(&mock.receipt_computer(), terminal, check("9910000018", "f")).await;
        assert!(status.is_client_error() && answer.contains("\"title\""), "{terminal}: {status} {answer}");
    }
    let path = "/linkage/v1/terminals/9910000018-T1/files/OQSsiquc01req_1.xml";
    let get = mock.backend(Method::GET, path).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_booting_terminal_answers_nothing_and_a_stuck_one_its_own_error() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::STUCK, NOW).await;
    let pending = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text();
    assert_eq!(value(&pending, "ErrorCode"), Some("MOCK0501E"));
    clinic.set_terminal(json!({"boot_time": "PT2M"})).await;
    clinic.restart().await;
    let booting = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await;
    assert_eq!(booting.status, StatusCode::SERVICE_UNAVAILABLE);
    clinic.advance("2026-01-20T10:02:00+09:00").await;
    let stuck = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text();
    assert_eq!(
        (value(&stuck, "SegmentOfResult"), value(&stuck, "ErrorCode")),
        (Some("9"), clinic.check().await.error_code().as_str()),
        "{stuck}"
    );
    assert_ne!(value(&stuck, "ErrorCode"), Some("MOCK0501E"));
}

#[tokio::test]
async fn the_http_profile_shows_as_the_envelope_and_the_file_says_the_same_as_the_web_api() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    clinic.set_profile("http").await;
    let refused = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await;
    assert_eq!(refused.status, StatusCode::OK);
    assert!(refused.text().contains("<ProcessingResultStatus>2<"));

    let fine = mock.clinic(template::UP_TO_DATE, NOW).await;
    fine.set_terminal(json!({"element_order": "specification"})).await;
    let file = fine.file("OQSsiquc01req_1.xml", check(&fine.code, "file-1")).await.text();
    let web = mock
        .backend(Method::POST, SEARCH)
        .header("content-type", "application/xml")
        .body(check(&fine.code, "file-1"))
        .send()
        .await
        .unwrap();
    assert_eq!(file, web.text().await.unwrap());
}

/// A request for medical information about a person of the fixtures.
fn medical(code: &str, person: &str, body: &str) -> String {
    let info = info_of(person, "0");
    let of = |from: &str, to: &str| value(&info, from).map(|text| element(to, text)).unwrap_or_default();
    let header = of("InsurerNumber", "InsurerNumber")
        + &of("InsuredCardSymbol", "InsuranceCardSymbol")
        + &of("InsuredIdentificationNumber", "InsuredPersonIdentificationNumber")
        + &of("InsuredBranchNumber", "BranchNumber");
    message(code, &header, body)
}

#[tokio::test]
async fn a_pdf_that_is_encrypted_is_a_pdf_in_a_zip_that_opens_with_the_password_only() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"linkage": {"encrypt": ["YZKsiquc01"], "zip_password": "p-1"}})).await;
    let zipped = clinic.file("YZKsiquc01req_9.xml", medical(&clinic.code, "consents-given", &element("FileCategory", "1"))).await;
    assert_eq!(zipped.name, "YZKsiquc01res_9.zip");
    let mut archive = zip::ZipArchive::new(Cursor::new(zipped.bytes)).unwrap();
    assert!(archive.by_index(0).is_err(), "not without the password");
    assert!(archive.by_index_decrypt(0, b"wrong").is_err());
    let mut file = archive.by_index_decrypt(0, b"p-1").unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(file.name().unwrap(), "YZKsiquc01res_9.pdf");
    assert!(bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF"));
    let plain = clinic.file("TKKsiquc01req_9.xml", medical(&clinic.code, "consents-given", &element("FileCategory", "1"))).await;
    assert_eq!(plain.name, "TKKsiquc01res_9.pdf", "only the kind that is set");
}

#[tokio::test]
async fn an_err_is_never_packed_and_a_refusal_is_packed_as_a_result_is() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    clinic.set_terminal(json!({"linkage": {"encrypt": ["OQSsiquc01"]}})).await;
    assert_eq!(clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.name, "OQSsiquc01res_1.zip");
    assert_eq!(clinic.file("OQSsiquc01req_1.xml", "<XmlMsg>").await.name, "OQSsiquc01req_1.err");
}

#[tokio::test]
async fn characters_that_an_err_loses_are_named_in_the_journal_too() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let err = clinic.file("OQSsiquc01req_1.xml", "<XmlMsg>&𠮷;</XmlMsg>").await;
    assert_eq!(err.status, StatusCode::BAD_REQUEST);
    assert!(encoding_rs::SHIFT_JIS.decode(&err.bytes).0.contains("&〓;"));
    let notes = clinic.last_entry().await["notes"].to_string();
    assert!(notes.contains("U+20BB7"), "{notes}");
}

#[tokio::test]
async fn settings_of_the_linkage_application_are_checked() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for (linkage, pointer) in [
        (json!({"latency": "PT11M"}), "/linkage/latency"),
        (json!({"latency": "soon"}), "/linkage/latency"),
        (json!({"stay_time": "PT59S"}), "/linkage/stay_time"),
        (json!({"zip_password": ""}), "/linkage/zip_password"),
        (json!({"zip_password": "パス"}), "/linkage/zip_password"),
        (json!({"bulk_result": "pdf"}), "/linkage/bulk_result"),
        (json!({"encrypt": ["OQSsiquc09"]}), "/linkage/encrypt"),
        (json!({"wait": 1}), "/linkage/wait"),
    ] {
        let problem = clinic.set_terminal(json!({"linkage": linkage})).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
        let at = problem["pointer"].as_str().unwrap_or_default();
        assert!(at.starts_with(pointer), "{linkage}: {problem}");
    }
    assert_eq!(clinic.file("OQSsiquc01req_1.xml", message(&clinic.code, DATE, &info_of("valid", "0"))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_answer_says_how_its_file_comes_into_being_and_so_does_the_journal() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for way in ["in_place", "atomic"] {
        assert_eq!(clinic.terminal().await["settings"]["result_files"], way);
        for (content, status) in [(check(&clinic.code, "f"), StatusCode::OK), ("<XmlMsg>".to_owned(), StatusCode::BAD_REQUEST)] {
            let path = format!("/linkage/v1/terminals/{clinic}-T1/files/OQSsiquc01req_1.xml");
            let response = mock.backend(Method::POST, &path).body(content).send().await.unwrap();
            assert_eq!((response.status(), response.headers()["x-onshi-result-files"].to_str().unwrap()), (status, way));
            explained_as(&clinic, way).await;
        }
        let card = mock.backend(Method::POST, &format!("/linkage/v1/terminals/{clinic}-T1/cards")).json(&json!({"person": "valid"}));
        assert_eq!(mock.send(card).await.body["file"]["result_files"], way);
        explained_as(&clinic, way).await;
        clinic.set_terminal(json!({"result_files": "atomic"})).await;
    }
    clinic.check().await;
    assert_eq!(clinic.last_entry().await["result_files"], Value::Null, "no file");
    let problem = clinic.set_terminal(json!({"result_files": "renamed"})).expect_unprocessable("/result_files").await;
    for words in [&problem["detail"], &problem["detail_en"]] {
        assert!(["renamed", "`in_place`", "`atomic`"].iter().all(|word| words.as_str().unwrap().contains(word)), "{words}");
    }
}

/// The newest entry says which way its file came, and its explanation who misses it.
async fn explained_as(clinic: &Clinic<'_>, way: &str) {
    let entry = clinic.last_entry().await;
    assert_eq!(entry["result_files"], way, "{entry}");
    let explained = clinic.get(&format!("/journal/{}", entry["number"])).await;
    let file = explained["explanation"]["file"].to_string();
    assert!(file.contains(&format!("result_files: {way}")), "{file}");
}

#[tokio::test]
async fn an_answer_begins_with_its_declaration_and_a_line_feed() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for (encoding, label) in [("utf-8", "UTF-8"), ("shift_jis", "Shift_JIS")] {
        clinic.set_terminal(json!({"encoding": encoding})).await;
        let answer = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.bytes;
        let declaration = format!("<?xml version=\"1.0\" encoding=\"{label}\" standalone=\"no\"?>\n<XmlMsg>");
        assert!(answer.starts_with(declaration.as_bytes()), "{}", String::from_utf8_lossy(&answer));
    }
}
