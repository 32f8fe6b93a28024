//! The order of elements: that of real files in files, the specification's over the web API, and
//! what a terminal's setting makes of both.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::request_files::{check, message, value};
use crate::support::{Clinic, Mock, SEARCH, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

const SPECIFIED: [&str; 6] = [
    "ProcessExecutionTime",
    "QualificationConfirmationDate",
    "MedicalInstitutionCode",
    "ArbitraryFileIdentifier",
    "ReferenceClassification",
    "SegmentOfResult",
];
const CAPTURED: [&str; 6] = [
    "ProcessExecutionTime",
    "CharacterCodeIdentifier",
    "SegmentOfResult",
    "QualificationConfirmationDate",
    "ReferenceClassification",
    "ArbitraryFileIdentifier",
];

/// The names of the header's first six elements.
fn header(message: &str) -> Vec<String> {
    let header = value(message, "MessageHeader").unwrap_or_else(|| panic!("{message}"));
    header.split("</").skip(1).take(6).filter_map(|part| part.split('>').next().map(str::to_owned)).collect()
}

/// The orders of a check's answer in a file, in XML over the web API, and in JSON.
async fn orders(clinic: &Clinic<'_>) -> [Vec<String>; 3] {
    let file = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f1")).await.text();
    let over_web = |accept| clinic.mock.backend(Method::POST, SEARCH).header("accept", accept).header("content-type", "application/xml");
    let xml = over_web("application/xml").body(check(&clinic.code, "f1")).send().await.unwrap().text().await.unwrap();
    let json = over_web("application/json").body(check(&clinic.code, "f1")).send().await.unwrap().text().await.unwrap();
    let (_, json) = json.split_once("\"MessageHeader\":{").unwrap();
    let json = json.split("\":\"").take(6).filter_map(|part| part.rsplit('"').next().map(str::to_owned)).collect();
    [header(&file), header(&xml), json]
}

#[tokio::test]
async fn unset_files_have_the_captured_order_and_the_web_api_the_specifications() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    assert!(clinic.terminal().await["settings"]["element_order"].is_null());
    assert_eq!(orders(&clinic).await, [&CAPTURED, &SPECIFIED, &SPECIFIED]);
}

#[tokio::test]
async fn set_both_follow_it() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for (order, expected) in [("hash", CAPTURED), ("specification", SPECIFIED)] {
        clinic.set_terminal(json!({"element_order": order})).await;
        assert_eq!(orders(&clinic).await, [&expected; 3], "{order}");
    }
    clinic.set_terminal(json!({"element_order": "shuffled"})).await;
    let [file, xml, json] = orders(&clinic).await;
    assert!(file == xml && xml == json && file != CAPTURED && file != SPECIFIED, "{file:?} {xml:?} {json:?}");
    clinic.set_terminal(json!({"element_order": null})).await;
    assert_eq!(orders(&clinic).await, [&CAPTURED, &SPECIFIED, &SPECIFIED]);
}

#[tokio::test]
async fn a_refusal_before_the_check_follows_it_too() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    clinic.set_terminal(json!({"element_order": "hash"})).await;
    let refused = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check(&clinic.code, "f1"));
    let text = refused.send().await.unwrap().text().await.unwrap();
    let code_and_class = [text.find("<CharacterCodeIdentifier>"), text.find("<MedicalInstitutionCode>")];
    assert!(value(&text, "ErrorCode") == Some("MOCK0501E") && code_and_class[0] < code_and_class[1], "{text}");
    let unread = clinic.file("OQSsiquc01req_1.xml", message(&clinic.code, "", "<Other>1</Other>")).await.text();
    assert!(unread.find("<CharacterCodeIdentifier>") < unread.find("<SegmentOfResult>"), "{unread}");
}

#[tokio::test]
async fn what_it_replaces_is_answered_with_its_name() {
    let mock = Mock::start().await;
    let shuffle = json!({"wire": {"shuffle_elements": true}});
    let mut create = shuffle.clone();
    create["template"] = json!("9910000018");
    for (method, path, body) in [(Method::PATCH, "/v1/institutions/9910000018", shuffle), (Method::POST, "/v1/institutions", create)] {
        let problem = mock.call(method, path, body).expect_unprocessable("/wire/shuffle_elements").await;
        for detail in ["detail", "detail_en"] {
            assert!(problem[detail].as_str().unwrap().contains("\"element_order\": \"shuffled\""), "{problem}");
        }
    }
    mock.institution(template::UP_TO_DATE).set_terminal(json!({"element_order": "random"})).expect_unprocessable("/element_order").await;
    let shown: Value = mock.institution(template::UP_TO_DATE).show().await;
    assert!(shown["wire"].get("shuffle_elements").is_none(), "{shown}");
}
