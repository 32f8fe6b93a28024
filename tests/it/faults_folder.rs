//! Faults at files in a linkage folder that the server keeps: what the client finds there, what is journalled and counted, and what is refused.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::desk::{Folder, check, text, value, wait_until};
use crate::support::Mock;

const NOW: &str = "2026-01-20T09:00:00+09:00";

/// An institution with these faults, and its folder.
async fn folder_with(mock: &Mock, template: &str, faults: Value) -> (String, Folder) {
    let code = mock.create_with(json!({"template": template, "clock": {"mode": "frozen", "now": NOW}, "faults": faults})).await;
    let folder = mock.folder(&code);
    (code, folder)
}

/// Drops a check, and gives the bytes of the file that answers it.
async fn answer(folder: &Folder, code: &str, number: u32) -> Vec<u8> {
    folder.drop(&format!("OQSsiquc01req_{number}.xml"), check(code, "f"));
    folder.wait_for(&format!("res/OQSsiquc01res_{number}.xml")).await
}

#[tokio::test]
async fn a_file_is_cut_spoilt_or_of_another_time_and_the_next_one_is_whole() {
    let mock = Mock::with_folders().await;
    let faults = json!([
        {"id": "cut", "operation": "folder", "kind": "cut", "after": 100, "nth": 1}, {"operation": "folder", "kind": "cut", "nth": 2},
        {"kind": "malformed", "nth": 3}, {"kind": "wrong_encoding", "operation": "folder", "nth": 4},
        {"kind": "clock_skew", "skew": "P1D", "nth": 5}, {"operation": "linkage", "kind": "malformed"}]);
    let (code, folder) = folder_with(&mock, "9910000018", faults).await;
    assert_eq!(answer(&folder, &code, 1).await.len(), 100);
    let entry = mock.last_entry(&code).await;
    assert_eq!((&entry["fault"], &entry["operation"]), (&json!({"id": "cut", "kind": "cut", "answered": false}), &json!("linkage")));
    let note = entry["notes"].as_array().unwrap().last().unwrap();
    assert!(note["en"].as_str().unwrap().starts_with("The fault cut (cut) fired at number 1"), "{note}");
    let (half, without_end) = (answer(&folder, &code, 2).await.len(), text(&answer(&folder, &code, 3).await));
    assert!(!without_end.contains("</XmlMsg>") && without_end.len() > half, "{without_end}");
    assert!(std::str::from_utf8(&answer(&folder, &code, 4).await).is_err(), "Shift_JIS that calls itself UTF-8");
    let skewed = text(&answer(&folder, &code, 5).await);
    assert_eq!(value(&skewed, "ProcessExecutionTime"), Some("20260121090000"));
    let whole = text(&answer(&folder, &code, 6).await);
    assert_eq!(value(&whole, "QualificationValidity"), Some("1"));
    assert_eq!(mock.last_entry(&code).await["fault"], Value::Null, "what is said of the route does not hold in the folder");
    let listed = mock.set(Method::GET, &format!("/v1/institutions/{code}/faults"), Value::Null).await;
    let counted: Vec<u64> = listed["faults"].as_array().unwrap().iter().map(|fault| fault["counted"].as_u64().unwrap()).collect();
    assert_eq!(counted, [1, 2, 3, 4, 5, 0]);
}

#[tokio::test]
async fn no_file_comes_or_a_late_one_and_what_was_asked_is_done_all_the_same() {
    let mock = Mock::with_folders().await;
    let faults = json!([{"operation": "folder", "kind": "black_hole", "nth": 1}, {"operation": "folder", "kind": "delay", "delay": "PT1.5S", "nth": 2}]);
    let (code, folder) = folder_with(&mock, "9910000018", faults).await;
    folder.drop("OQSsiquc01req_1.xml", check(&code, "f"));
    wait_until("the request is consumed", || folder.names("req").is_empty()).await;
    let start = Instant::now();
    answer(&folder, &code, 2).await;
    assert!(start.elapsed() >= Duration::from_millis(1500), "{:?}", start.elapsed());
    assert_eq!(folder.names("res"), ["OQSsiquc01res_2.xml"], "no file for the first");
    let journal = mock.set(Method::GET, &format!("/v1/institutions/{code}/journal?fault=black_hole"), Value::Null).await;
    assert_eq!((&journal["entries"][0]["outcome"], &journal["entries"][0]["answer"]), (&json!("checked"), &Value::Null));
    let explained = mock.set(Method::GET, &format!("/v1/institutions/{code}/journal/1"), Value::Null).await;
    let fault = explained["explanation"]["fault"]["en"].as_str().unwrap_or_else(|| panic!("{explained}"));
    assert!(fault.starts_with("The fault fault-1 (black_hole) fired at number 1"), "{fault}");
}

#[tokio::test]
async fn a_check_is_answered_as_being_processed_and_the_next_one_is_done() {
    let mock = Mock::with_folders().await;
    let (code, folder) = folder_with(&mock, "9910000018", json!([{"operation": "folder", "kind": "processing", "nth": 1}])).await;
    let processing = text(&answer(&folder, &code, 1).await);
    assert_eq!((value(&processing, "SegmentOfResult"), value(&processing, "QualificationValidity")), (Some("2"), None));
    assert_eq!(value(&text(&answer(&folder, &code, 2).await), "SegmentOfResult"), Some("1"));
}

#[tokio::test]
async fn a_kind_that_makes_no_sense_for_a_file_is_refused_and_told_where_it_does() {
    let mock = Mock::start().await;
    let code = mock.create("9910000018", NOW).await;
    for fault in [
        json!({"kind": "status", "status": 503}),
        json!({"kind": "reset"}),
        json!({"kind": "close"}),
        json!({"kind": "drip"}),
        json!({"kind": "wrong_length", "off_by": 1}),
        json!({"kind": "expired_token"}),
        json!({"kind": "wrong_hash"}),
    ] {
        let mut fault = fault;
        fault["operation"] = json!("folder");
        let (status, problem) = mock.control(Method::POST, &format!("/v1/institutions/{code}/faults"), fault.clone()).await;
        assert_eq!((status, &problem["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/operation")), "{fault}");
        assert!(problem["detail_en"].as_str().unwrap().contains("makes no sense for `folder`; it does for any,"), "{problem}");
    }
}

#[tokio::test]
async fn a_pdf_is_cut_and_spoilt_under_its_name() {
    let mock = Mock::with_folders().await;
    let faults = json!([
        {"operation": "folder", "kind": "cut", "after": 100, "nth": 1}, {"operation": "folder", "kind": "malformed", "nth": 2},
        {"operation": "folder", "kind": "wrong_encoding", "nth": 3}]);
    let (code, folder) = folder_with(&mock, "9910000018", faults).await;
    let asked = crate::medical::about(&code, "1241", "<FileCategory>1</FileCategory>");
    let mut sizes = Vec::new();
    for number in 1..=4 {
        folder.drop(&format!("YZKsiquc01req_{number}.xml"), &asked);
        let pdf = folder.wait_for(&format!("res/YZKsiquc01res_{number}.pdf")).await;
        assert!(pdf.starts_with(b"%PDF"), "{number}");
        sizes.push(pdf.len());
    }
    assert!(sizes[0] == 100 && sizes[1] < sizes[3], "cut, without its end, and the last one whole: {sizes:?}");
}
