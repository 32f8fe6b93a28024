//! Bulk requests as a receipt computer meets them: reception numbers, whose they are, and how long
//! they hold.

use serde_json::json;

use crate::support::request_files::{DATE, card, check, element, info_of, message, plain, value};
use crate::support::{Clinic, Mock, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

async fn submit(clinic: &Clinic<'_>, kind: &str, body: &str) -> String {
    let text = clinic.file(&format!("OQS{kind}01req_1.xml"), message(&clinic.code, DATE, body)).await.text();
    value(&text, "ReceptionNumber").unwrap_or_else(|| panic!("{text}")).to_owned()
}

async fn fetch(clinic: &Clinic<'_>, kind: &str, number: &str) -> String {
    let body = element("ReceptionNumber", number);
    clinic.file(&format!("OQS{kind}02req_1.xml"), message(&clinic.code, "", &body)).await.text()
}

#[tokio::test]
async fn a_result_is_ready_at_its_second_and_can_be_fetched_again() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"linkage": {"bulk_time": "PT90S"}})).await;
    let folder = clinic.folder();
    folder.put_request("OQSmuquc01req_202601200001.xml", message(&clinic.code, DATE, &(plain() + &info_of("elderly", "0"))));
    let taken = crate::support::request_files::text(&folder.wait_for("res/OQSmuquc01res_202601200001.xml").await);
    let number = value(&taken, "ReceptionNumber").unwrap();
    clinic.advance("2026-01-20T10:01:29+09:00").await;
    let early = fetch(&clinic, "muquc", number).await;
    assert_eq!(
        (value(&early, "SegmentOfResult"), value(&early, "ReceptionNumber"), early.contains("BulkConfirmUnit")),
        (Some("2"), Some(number), false)
    );
    clinic.advance("2026-01-20T10:01:30+09:00").await;
    folder.put_request("OQSmuquc02req_202601200002.xml", message(&clinic.code, "", &element("ReceptionNumber", number)));
    let first = crate::support::request_files::text(&folder.wait_for("res/OQSmuquc02res_202601200002.xml").await);
    assert_eq!((value(&first, "SegmentOfResult"), value(&first, "NumberOfProcessingResult")), (Some("1"), Some("2")));
    assert_eq!(fetch(&clinic, "muquc", number).await, first, "a second fetch says the same");
}

#[tokio::test]
async fn units_come_in_the_order_in_which_they_were_asked() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"linkage": {"bulk_time": "PT0S"}})).await;
    let persons = ["elderly", "valid", "refused", "newer", "valid"];
    let body: String = persons.iter().map(|id| info_of(id, "0")).collect();
    let number = submit(&clinic, "muquc", &body).await;
    let text = fetch(&clinic, "muquc", &number).await;
    let names: Vec<_> =
        text.split("<BulkConfirmUnit>").skip(1).map(|unit| value(unit, "InsuredIdentificationNumber").unwrap().to_owned()).collect();
    let asked: Vec<_> = persons.iter().map(|id| value(&info_of(id, "0"), "InsuredIdentificationNumber").unwrap().to_owned()).collect();
    assert_eq!(names, asked);
    assert_eq!((value(&text, "NumberOfNormalProcessing"), value(&text, "NumberOfError")), (Some("4"), Some("1")));
}

#[tokio::test]
async fn a_reception_number_is_the_institutions_own() {
    let mock = Mock::start().await;
    let [one, other] = [mock.clinic(template::UP_TO_DATE, NOW).await, mock.clinic(template::UP_TO_DATE, NOW).await];
    let number = submit(&one, "muquc", &plain()).await;
    assert_eq!(value(&fetch(&other, "muquc", &number).await, "ErrorCode"), Some("MOCK0701E"));
    assert_eq!(value(&fetch(&one, "muquc", &number).await, "SegmentOfResult"), Some("2"));
    one.reset().await;
    assert_eq!(value(&fetch(&one, "muquc", &number).await, "ErrorCode"), Some("MOCK0701E"), "a reset forgets it");
}

#[tokio::test]
async fn numbers_differ_while_the_clock_stands_still() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let mut numbers = std::collections::BTreeSet::new();
    for kind in ["muquc", "muquc", "mutic", "muquc"] {
        let body = if kind == "mutic" { element("MedicalTreatmentMonth", "202601") } else { plain() };
        let number = submit(&clinic, kind, &body).await;
        assert!(number.len() == 20 && number.starts_with("20260120100000"), "{number}");
        numbers.insert(number);
    }
    assert_eq!(numbers.len(), 4);
}

#[tokio::test]
async fn a_reception_number_comes_back_as_it_was_written() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let number = submit(&clinic, "muquc", &plain()).await;
    let (head, tail) = number.split_at(19);
    for written in [number.clone(), format!("{head}&#x3{tail};"), format!("<![CDATA[{number}]]>")] {
        let text = fetch(&clinic, "muquc", &written).await;
        assert!(text.contains(&element("ReceptionNumber", &written)), "{written}: {text}");
        assert_eq!(value(&text, "SegmentOfResult"), Some("2"));
    }
}

#[tokio::test]
async fn a_terminal_that_goes_pending_refuses_the_fetch_and_keeps_the_request() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-20T10:00:00+09:00").await;
    clinic.set_terminal(json!({"linkage": {"bulk_time": "PT0S"}})).await;
    let number = submit(&clinic, "muquc", &plain()).await;
    assert_eq!(value(&fetch(&clinic, "muquc", &number).await, "SegmentOfResult"), Some("1"));
    clinic.power(false).await;
    clinic.power(true).await;
    let after = clinic.terminal().await;
    let ready = after["boot"]["ready_at"].as_str().unwrap_or("2026-01-20T10:10:00+09:00").to_owned();
    clinic.advance(&ready).await;
    assert_eq!(value(&fetch(&clinic, "muquc", &number).await, "SegmentOfResult"), Some("1"), "a boot forgets no request");
}

#[tokio::test]
async fn a_wrong_period_or_month_is_named() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let days = |from: &str, to: &str| element("ConsentDateFrom", from) + &element("ConsentDateTo", to);
    for (kind, body, said) in [
        ("mutic", element("MedicalTreatmentMonth", "202613"), "MedicalTreatmentMonth"),
        ("mutic", element("MedicalTreatmentMonth", "20260101"), "MedicalTreatmentMonth"),
        ("mutic", element("MedicalTreatmentMonth", "179912"), "MedicalTreatmentMonth"),
        ("mutic", element("MedicalTreatmentMonth", "220101"), "MedicalTreatmentMonth"),
        ("mutic", element("Other", "1"), "MedicalTreatmentMonth"),
        ("muhvq", days("20260120", "20260101"), "ConsentDateTo"),
        ("muhvq", element("ConsentDateFrom", "20260101"), "ConsentDateFrom"),
        ("muonq", days("20260101", "20260131") + &element("MedicalTreatmentFlag", "9"), "MedicalTreatmentFlag"),
        ("muquc", element("ReceptionNumber", "1"), "QualificationConfirmSearchInfo"),
        ("muimm", plain(), "ReferenceNumberRegistrationInfo"),
    ] {
        let text = clinic.file(&format!("OQS{kind}01req_1.xml"), message(&clinic.code, DATE, &body)).await.text();
        assert_eq!((value(&text, "ErrorCode"), value(&text, "ReceptionNumber")), (Some("MOCK0001E"), None), "{kind} {body}: {text}");
        assert!(value(&text, "ErrorMessage").unwrap().contains(said), "{kind} {body}: {text}");
    }
}

#[tokio::test]
async fn the_last_registration_counts_and_results_of_every_kind_carry_it() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    clinic.set_terminal(json!({"linkage": {"bulk_time": "PT0S"}})).await;
    let valid = card("01990019", "11010203", "1001", "01");
    for number in ["患者-1", "患者-2", &"９".repeat(50)] {
        let info = element("ReferenceNumberRegistrationInfo", &(element("ReferenceNumber", number) + &valid));
        let text = clinic.file("OQSsiimm01req_1.xml", message(&clinic.code, "", &info)).await.text();
        assert_eq!(value(&text, "ProcessingResultStatus"), Some("1"));
        assert_eq!(value(&clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text(), "ReferenceNumber"), Some(number));
    }
    let long = element("ReferenceNumberRegistrationInfo", &(element("ReferenceNumber", &"9".repeat(51)) + &valid));
    let text = clinic.file("OQSsiimm01req_1.xml", message(&clinic.code, "", &long)).await.text();
    assert_eq!(value(&text, "ErrorCode"), Some("MOCK0001E"));
    let number = submit(&clinic, "muquc", &plain()).await;
    assert_eq!(value(&fetch(&clinic, "muquc", &number).await, "ReferenceNumber"), Some(&*"９".repeat(50)));
    let face = clinic.present(json!({"person": "valid"})).await;
    assert_eq!(value(face["file"]["text"].as_str().unwrap(), "ReferenceNumber"), Some(&*"９".repeat(50)));
}

#[tokio::test]
async fn a_number_that_counts_outlives_many_that_do_not_count_yet() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let valid = card("01990019", "11010203", "1001", "01");
    let info = |number: &str| element("ReferenceNumberRegistrationInfo", &(element("ReferenceNumber", number) + &valid));
    clinic.file("OQSsiimm01req_1.xml", message(&clinic.code, "", &info("now"))).await;
    let later: String = (0..10).map(|i| info(&format!("later-{i}"))).collect();
    submit(&clinic, "muimm", &later).await;
    let names =
        async || value(&clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text(), "ReferenceNumber").map(str::to_owned);
    assert_eq!(names().await.as_deref(), Some("now"));
    clinic.advance("2026-01-20T10:01:00+09:00").await;
    assert_eq!(names().await.as_deref(), Some("later-9"));
}
