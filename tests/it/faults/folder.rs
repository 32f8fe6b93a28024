//! Faults at files in a linkage folder that the server keeps: what the client finds there, what is
//! journalled and counted, and what is refused.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::backend::medical::about;
use crate::support::eventually::wait_until;
use crate::support::request_files::{Folder, check, text, value};
use crate::support::{Clinic, Mock, frozen, template};

const NOW: &str = "2026-01-20T09:00:00+09:00";

/// An institution with these faults, and its folder.
async fn folder_with<'m>(mock: &'m Mock, template: &str, faults: Value) -> (Clinic<'m>, Folder) {
    let clinic = mock.clinic_with(json!({"template": template, "clock": frozen(NOW), "faults": faults})).await;
    let folder = clinic.folder();
    (clinic, folder)
}

/// Drops a check, and gives the bytes of the file that answers it.
async fn answer(clinic: &Clinic<'_>, number: u32) -> Vec<u8> {
    let folder = clinic.folder();
    folder.put_request(&format!("OQSsiquc01req_{number}.xml"), check(&clinic.code, "f"));
    folder.wait_for(&format!("res/OQSsiquc01res_{number}.xml")).await
}

#[tokio::test]
async fn a_file_is_cut_spoilt_or_of_another_time_and_the_next_one_is_whole() {
    let mock = Mock::with_folders().await;
    let faults = json!([
        {"id": "cut", "operation": "folder", "kind": "cut", "after": 100, "nth": 1}, {"operation": "folder", "kind": "cut", "nth": 2},
        {"kind": "malformed", "nth": 3}, {"kind": "wrong_encoding", "operation": "folder", "nth": 4},
        {"kind": "clock_skew", "skew": "P1D", "nth": 5}, {"operation": "linkage", "kind": "malformed"}]);
    let (clinic, _) = folder_with(&mock, template::UP_TO_DATE, faults).await;
    assert_eq!(answer(&clinic, 1).await.len(), 100);
    let entry = clinic.last_entry().await;
    assert_eq!((&entry["fault"], &entry["operation"]), (&json!({"id": "cut", "kind": "cut", "answered": false}), &json!("linkage")));
    let note = entry["notes"].as_array().unwrap().last().unwrap();
    assert!(note["en"].as_str().unwrap().starts_with("The fault cut (cut) fired at number 1"), "{note}");
    let (half, without_end) = (answer(&clinic, 2).await.len(), text(&answer(&clinic, 3).await));
    assert!(!without_end.contains("</XmlMsg>") && without_end.len() > half, "{without_end}");
    assert!(std::str::from_utf8(&answer(&clinic, 4).await).is_err(), "Shift_JIS that calls itself UTF-8");
    let skewed = text(&answer(&clinic, 5).await);
    assert_eq!(value(&skewed, "ProcessExecutionTime"), Some("20260121090000"));
    let whole = text(&answer(&clinic, 6).await);
    assert_eq!(value(&whole, "QualificationValidity"), Some("1"));
    assert_eq!(clinic.last_entry().await["fault"], Value::Null, "what is said of the route does not hold in the folder");
    let listed = clinic.get("/faults").await;
    let counted: Vec<u64> = listed["faults"].as_array().unwrap().iter().map(|fault| fault["counted"].as_u64().unwrap()).collect();
    assert_eq!(counted, [1, 2, 3, 4, 5, 0]);
}

#[tokio::test]
async fn no_file_comes_or_a_late_one_and_what_was_asked_is_done_all_the_same() {
    let mock = Mock::with_folders().await;
    let faults = json!([{"operation": "folder", "kind": "black_hole", "nth": 1}, {"operation": "folder", "kind": "delay", "delay": "PT1.5S", "nth": 2}]);
    let (clinic, folder) = folder_with(&mock, template::UP_TO_DATE, faults).await;
    folder.put_request("OQSsiquc01req_1.xml", check(&clinic.code, "f"));
    wait_until("the request is consumed", || folder.names("req").is_empty()).await;
    let start = Instant::now();
    answer(&clinic, 2).await;
    assert!(start.elapsed() >= Duration::from_millis(1500), "{:?}", start.elapsed());
    assert_eq!(folder.names("res"), ["OQSsiquc01res_2.xml"], "no file for the first");
    let journal = clinic.get("/journal?fault=black_hole").await;
    assert_eq!((&journal["entries"][0]["outcome"], &journal["entries"][0]["answer"]), (&json!("checked"), &Value::Null));
    let explained = clinic.get("/journal/1").await;
    let fault = explained["explanation"]["fault"]["en"].as_str().unwrap_or_else(|| panic!("{explained}"));
    assert!(fault.starts_with("The fault fault-1 (black_hole) fired at number 1"), "{fault}");
}

#[tokio::test]
async fn a_check_is_answered_as_being_processed_and_the_next_one_is_done() {
    let mock = Mock::with_folders().await;
    let (clinic, _) = folder_with(&mock, template::UP_TO_DATE, json!([{"operation": "folder", "kind": "processing", "nth": 1}])).await;
    let processing = text(&answer(&clinic, 1).await);
    assert_eq!((value(&processing, "SegmentOfResult"), value(&processing, "QualificationValidity")), (Some("2"), None));
    assert_eq!(value(&text(&answer(&clinic, 2).await), "SegmentOfResult"), Some("1"));
}

#[tokio::test]
async fn a_kind_that_makes_no_sense_for_a_file_is_refused_and_told_where_it_does() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
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
        let problem = clinic.add_fault(fault.clone()).expect_unprocessable("/operation").await;
        assert!(problem["detail_en"].as_str().unwrap().contains("makes no sense for `folder`; it does for any,"), "{problem}");
    }
}

#[tokio::test]
async fn a_pdf_is_cut_and_spoilt_under_its_name() {
    let mock = Mock::with_folders().await;
    let faults = json!([
        {"operation": "folder", "kind": "cut", "after": 100, "nth": 1}, {"operation": "folder", "kind": "malformed", "nth": 2},
        {"operation": "folder", "kind": "wrong_encoding", "nth": 3}]);
    let (clinic, folder) = folder_with(&mock, template::UP_TO_DATE, faults).await;
    let asked = about(&clinic.code, "1241", "<FileCategory>1</FileCategory>");
    let mut sizes = Vec::new();
    for number in 1..=4 {
        folder.put_request(&format!("YZKsiquc01req_{number}.xml"), &asked);
        let pdf = folder.wait_for(&format!("res/YZKsiquc01res_{number}.pdf")).await;
        assert!(pdf.starts_with(b"%PDF"), "{number}");
        sizes.push(pdf.len());
    }
    assert!(sizes[0] == 100 && sizes[1] < sizes[3], "cut, without its end, and the last one whole: {sizes:?}");
}
