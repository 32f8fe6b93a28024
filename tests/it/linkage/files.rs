//! Each kind of request file and what answers it, through the linkage route.

use std::io::Read;

use encoding_rs::SHIFT_JIS;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::request_files::{DATE, FileResponse, card, check, element, info, message, plain, value};
use crate::support::{Clinic, Mock, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

async fn clinic(mock: &Mock) -> Clinic<'_> {
    mock.clinic(template::UP_TO_DATE, NOW).await
}

/// Hands in a bulk request and gives its reception number.
async fn submit(clinic: &Clinic<'_>, kind: &str, body: &str) -> String {
    let result = clinic.file(&format!("OQS{kind}01req_1.xml"), message(&clinic.code, DATE, body)).await;
    let text = result.text();
    assert_eq!((result.name, value(&text, "SegmentOfResult")), (format!("OQS{kind}01res_1.xml"), Some("1")), "{text}");
    value(&text, "ReceptionNumber").unwrap().to_owned()
}

async fn fetch(clinic: &Clinic<'_>, kind: &str, number: &str) -> FileResponse {
    let body = element("ReceptionNumber", number);
    clinic.file(&format!("OQS{kind}02req_1.xml"), message(&clinic.code, "", &body)).await
}

async fn done(clinic: &Clinic<'_>, kind: &str, number: &str) -> String {
    assert_eq!(value(&fetch(clinic, kind, number).await.text(), "SegmentOfResult"), Some("2"), "still processing");
    clinic.advance_by("PT1M").await;
    fetch(clinic, kind, number).await.text()
}

fn units(text: &str) -> usize {
    text.matches("<BulkConfirmUnit>").count()
}

#[tokio::test]
async fn a_bulk_check_is_processed_for_a_virtual_time_and_then_fetched() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let nobody = info(&card("01990019", "11010203", "9999", "01"), "19800517", "0");
    let number = submit(&clinic, "muquc", &(plain() + &nobody)).await;
    let text = done(&clinic, "muquc", &number).await;
    assert_eq!((units(&text), value(&text, "ReceptionNumber")), (2, Some(&*number)));
    let counts = ["NumberOfProcessingResult", "NumberOfNormalProcessing", "NumberOfError"].map(|name| value(&text, name).unwrap());
    assert_eq!(counts, ["2", "2", "0"]);
    assert!(text.contains("<QualificationValidity>1<") && text.contains("<QualificationValidity>4<"), "{text}");
    assert!(text.contains("<LimitApplicationCertificateChanged>0<"), "only bulk results say so");
}

/// What is asked about a person of the fixtures' table.
fn info_of_sample(name: &str) -> String {
    let fixtures = onshi_mock::fixtures::Fixtures::compiled_in(jiff::civil::date(2026, 1, 20)).0.unwrap();
    let sample = fixtures.samples.iter().find(|sample| sample.name == name).unwrap();
    let [symbol, branch] = [&sample.symbol, &sample.branch].map(|text| text.clone().unwrap_or_default());
    info(&card(&sample.insurer_number, &symbol, &sample.number, &branch), &sample.birthdate.strftime("%Y%m%d").to_string(), "0")
}

#[tokio::test]
async fn a_bulk_check_that_names_someone_who_is_being_processed_is_never_done() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let number = submit(&clinic, "muquc", &(plain() + &info_of_sample("処理　待子"))).await;
    let text = done(&clinic, "muquc", &number).await;
    assert_eq!((units(&text), value(&text, "SegmentOfResult"), value(&text, "ReceptionNumber")), (0, Some("2"), Some(&*number)));
}

#[tokio::test]
async fn the_route_takes_as_long_as_the_terminals_latency_says() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    clinic.set_terminal(json!({"linkage": {"latency": "PT1S"}})).await;
    let asked = std::time::Instant::now();
    let text = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text();
    assert!(asked.elapsed() >= std::time::Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(value(&text, "QualificationValidity"), Some("1"));
}

#[tokio::test]
async fn a_bulk_check_counts_a_persons_error() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let asked = info_of_sample("拒否　一郎");
    let number = submit(&clinic, "muquc", &(plain() + &asked)).await;
    let text = done(&clinic, "muquc", &number).await;
    assert_eq!((value(&text, "NumberOfNormalProcessing"), value(&text, "NumberOfError")), (Some("1"), Some("1")));
    assert_eq!(value(&text, "ProcessingResultCode"), Some("MOCK0801E"));
}

#[tokio::test]
async fn an_unknown_reception_number_or_another_kind_is_an_error_that_says_so() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let number = submit(&clinic, "muquc", &plain()).await;
    for (kind, number) in [("muquc", "20260120100000999999"), ("mutic", number.as_str())] {
        let text = fetch(&clinic, kind, number).await.text();
        assert_eq!((value(&text, "ErrorCode"), value(&text, "SegmentOfResult")), (Some("MOCK0701E"), Some("9")));
        assert!(text.contains(number), "{text}");
    }
}

#[tokio::test]
async fn the_other_bulk_checks_find_whom_they_are_about() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let days = element("ConsentDateFrom", "20260110") + &element("ConsentDateTo", "20260120") + &element("MedicalTreatmentFlag", "2");
    let examined = element("ExaminationDateFrom", "20260110") + &element("ExaminationDateTo", "20260120");
    for (kind, body) in [("mutic", element("MedicalTreatmentMonth", "202601")), ("muhvq", days), ("muonq", examined)] {
        let number = submit(&clinic, kind, &body).await;
        let text = done(&clinic, kind, &number).await;
        assert!(units(&text) > 0 && units(&text) == text.matches("<ResultOfQualificationConfirmation>").count(), "{kind}: {text}");
        assert_eq!(text.contains("<TicketType>01<"), kind == "mutic", "{kind}");
        clinic.freeze_at(NOW).await;
    }
    let none = element("ConsentDateFrom", "20200101") + &element("ConsentDateTo", "20200102");
    let number = submit(&clinic, "muhvq", &none).await;
    let text = done(&clinic, "muhvq", &number).await;
    assert!(units(&text) == 0 && text.contains("<MessageBody></MessageBody>"), "{text}");
}

#[tokio::test]
async fn a_bulk_result_can_be_a_zip_and_any_answer_a_password_zip() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let settings = json!({"linkage": {"bulk_result": "zip", "encrypt": ["OQSsiquc01"], "zip_password": "secret", "bulk_time": "PT0S"}});
    clinic.set_terminal(settings).await;
    let number = submit(&clinic, "muquc", &plain()).await;
    let opened = |result: &FileResponse, password: Option<&[u8]>| {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(result.bytes.clone())).unwrap();
        assert_eq!(archive.len(), 1);
        let mut text = String::new();
        let mut file = match password {
            Some(password) => archive.by_index_decrypt(0, password).unwrap(),
            None => archive.by_index(0).unwrap(),
        };
        let name = file.name().unwrap().into_owned();
        file.read_to_string(&mut text).unwrap();
        (name, text)
    };
    let bulk = fetch(&clinic, "muquc", &number).await;
    assert_eq!(bulk.name, "OQSmuquc02res_1.zip");
    let (name, text) = opened(&bulk, None);
    assert_eq!((name.as_str(), units(&text)), ("OQSmuquc02res_1.xml", 1));
    let single = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await;
    assert_eq!(single.name, "OQSsiquc01res_1.zip");
    let (name, text) = opened(&single, Some(b"secret"));
    assert_eq!((name.as_str(), value(&text, "QualificationValidity")), ("OQSsiquc01res_1.xml", Some("1")));
}

fn registration(number: &str, card: &str) -> String {
    element("ReferenceNumberRegistrationInfo", &(element("ReferenceNumber", number) + card))
}

#[tokio::test]
async fn after_a_registration_the_persons_results_carry_the_number() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let valid = card("01990019", "11010203", "1001", "01");
    let text = clinic.file("OQSsiimm01req_1.xml", message(&clinic.code, DATE, &registration("患者-1", &valid))).await.text();
    assert_eq!((value(&text, "ProcessingResultStatus"), value(&text, "ReferenceNumber")), (Some("1"), Some("患者-1")));
    assert_eq!(value(&text, "QualificationConfirmationDate"), None, "the header has no date");
    let answer = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text();
    assert_eq!(value(&answer, "ReferenceNumber"), Some("患者-1"));
    let over_the_api = clinic.check().await.body;
    let result = &over_the_api["XmlMsg"]["MessageBody"]["ResultList"][0]["ResultOfQualificationConfirmation"];
    assert_eq!(result["ReferenceNumber"], "患者-1");
    let other = mock.clinic(template::UP_TO_DATE, NOW).await;
    assert_eq!(value(&other.file("OQSsiquc01req_1.xml", check(&other.code, "f")).await.text(), "ReferenceNumber"), None);

    let both = registration("患者-2", &valid) + &registration("患者-3", &card("01990019", "", "9", ""));
    let number = submit(&clinic, "muimm", &both).await;
    assert_eq!(
        value(&clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text(), "ReferenceNumber"),
        Some("患者-1"),
        "not yet"
    );
    let text = done(&clinic, "muimm", &number).await;
    let registered = text.matches("<BulkRegistrationUnit>").count();
    assert_eq!((registered, value(&text, "NumberOfNormalProcessing"), value(&text, "NumberOfError")), (2, Some("1"), Some("1")));
    assert_eq!(value(&text, "ProcessingResultCode"), Some("MOCK0802E"));
    assert_eq!(value(&clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text(), "ReferenceNumber"), Some("患者-2"));
}

/// A request for drug information or check-ups, about the first person who consented to it.
fn medical(code: &str, consented: bool, category: &str) -> String {
    let fixtures = onshi_mock::fixtures::Fixtures::compiled_in(jiff::civil::date(2026, 1, 20)).0.unwrap();
    let given = |person: &&onshi_mock::domain::person::Person| {
        use onshi_mock::domain::consent::{Consent, ConsentKind};
        [ConsentKind::Pharmacists, ConsentKind::SpecificHealthCheckups]
            .iter()
            .all(|kind| person.consents.get(kind) == Some(&Consent::Given))
    };
    let person = fixtures.persons.iter().find(|person| given(person) == consented).unwrap();
    let held = &person.qualifications[0];
    let symbol = held.symbol.as_ref().map_or("", |symbol| symbol.as_str());
    let branch = held.branch.as_ref().map_or("", |branch| branch.as_str());
    let header = [
        ("InsurerNumber", held.insurer_number.as_str()),
        ("InsuranceCardSymbol", symbol),
        ("InsuredPersonIdentificationNumber", held.number.as_str()),
        ("BranchNumber", branch),
        ("ArbitraryFileIdentifier", "m-1"),
    ];
    let header: String = header.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| element(name, text)).collect();
    message(code, &header, &(element("FileCategory", category) + &element("PrDiInfClassification", "1")))
}

#[tokio::test]
async fn drug_information_and_checkups_come_as_xml_or_pdf_under_consent() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    for (kind, told) in [("YZK", "模擬アムロジピン"), ("TKK", "収縮期血圧")] {
        let name = format!("{kind}siquc01req_1.xml");
        let xml = clinic.file(&name, medical(&clinic.code, true, "2")).await;
        let text = xml.text();
        assert_eq!(
            (xml.name, value(&text, "ResultCode"), value(&text, "ArbitraryFileIdentifier")),
            (format!("{kind}siquc01res_1.xml"), Some("1"), Some("m-1"))
        );
        assert!(text.contains(told), "{text}");
        let pdf = clinic.file(&name, medical(&clinic.code, true, "1")).await;
        assert_eq!(pdf.name, format!("{kind}siquc01res_1.pdf"));
        assert!(pdf.bytes.starts_with(b"%PDF-"));
        let refused = clinic.file(&name, medical(&clinic.code, false, "1")).await.text();
        assert_eq!(value(&refused, "ResultCode"), Some("9"));
        assert!(value(&refused, "MessageContents").unwrap().starts_with("MOCK0803E"), "{refused}");
    }
    let pending = mock.clinic(template::PENDING, NOW).await;
    let refused = pending.file("YZKsiquc01req_1.xml", medical(&pending.code, true, "2")).await.text();
    assert!(value(&refused, "MessageContents").unwrap().starts_with("MOCK0501E"), "{refused}");
}

#[tokio::test]
async fn every_kind_is_refused_while_the_terminal_is_pending() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let number = element("ReceptionNumber", "1");
    let valid = card("01990019", "11010203", "1001", "01");
    for (name, body) in [
        ("OQSsiquc01", plain()),
        ("OQSmuquc01", plain()),
        ("OQSmuquc02", number.clone()),
        ("OQSmutic01", element("MedicalTreatmentMonth", "202601")),
        ("OQSmutic02", number),
        ("OQSsiimm01", registration("1", &valid)),
        ("OQSmuimm01", registration("1", &valid)),
    ] {
        let text = clinic.file(&format!("{name}req_1.xml"), message(&clinic.code, DATE, &body)).await.text();
        assert_eq!(value(&text, "ErrorCode"), Some("MOCK0501E"), "{name}");
    }
    clinic.restart().await;
    let text = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await.text();
    assert_eq!(value(&text, "QualificationValidity"), Some("1"));
}

#[tokio::test]
async fn files_are_answered_in_the_terminals_character_set() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let declared = check(&clinic.code, "識別").replace("UTF-8", "Shift_JIS");
    let result = clinic.file("OQSsiquc01req_1.xml", SHIFT_JIS.encode(&declared).0.into_owned()).await;
    assert_eq!(
        (value(&result.text(), "ArbitraryFileIdentifier"), value(&result.text(), "CharacterCodeIdentifier")),
        (Some("識別"), Some("1"))
    );
    let err = clinic.file("OQSsiquc01req_1.xml", "<XmlMsg>").await;
    assert!(SHIFT_JIS.decode(&err.bytes).0.contains("要求を読み取れません"), "the .err too");
}

#[tokio::test]
async fn the_route_says_by_its_status_what_became_of_the_file() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let err = clinic.file("OQSsiquc01req_1.xml", "no xml").await;
    assert_eq!((err.status, err.name.as_str()), (StatusCode::BAD_REQUEST, "OQSsiquc01req_1.err"));
    for name in ["..%2F..%2Fetc%2Fpasswd", "OQSsiquc01req_..%5Cx.xml", "x.xml", "%00.xml"] {
        let err = clinic.file(name, check(&clinic.code, "f")).await;
        assert_eq!(err.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(!err.name.contains(['/', '\\', '\0']), "{}", err.name);
    }
    let other = clinic.file("OQSsiquc01req_1.xml", check("9910000018", "f")).await.text();
    assert_eq!(value(&other, "ErrorCode"), Some("MOCK0103E"));
    let missing = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f-9").replace("MedicalInstitutionCode", "Other")).await.text();
    assert_eq!((value(&missing, "ErrorCode"), value(&missing, "ArbitraryFileIdentifier")), (Some("MOCK0001E"), Some("f-9")), "{missing}");

    let pending = mock.clinic(template::PENDING, NOW).await;
    pending.set_profile("silent").await;
    assert_eq!(pending.file("OQSsiquc01req_1.xml", check(&pending.code, "f")).await.status, StatusCode::NO_CONTENT);
    clinic.power(false).await;
    let off = clinic.file("OQSsiquc01req_1.xml", check(&clinic.code, "f")).await;
    assert_eq!(off.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(String::from_utf8(off.bytes).unwrap().contains("MOCK0301E"));
}

#[tokio::test]
async fn a_bulk_request_has_its_limits() {
    let mock = Mock::start().await;
    let clinic = clinic(&mock).await;
    let text = clinic.file("OQSmuquc01req_1.xml", message(&clinic.code, DATE, &plain().repeat(1001))).await.text();
    assert_eq!(value(&text, "ErrorCode"), Some("MOCK0001E"));
    assert!(text.contains("1001") && text.contains("1000"), "{text}");
    let bad = plain().replace("19800517", "198005");
    let text = clinic.file("OQSmuquc01req_1.xml", message(&clinic.code, DATE, &(plain() + &bad))).await.text();
    assert!(text.contains("QualificationConfirmSearchInfo/1/Birthdate"), "{text}");
}
