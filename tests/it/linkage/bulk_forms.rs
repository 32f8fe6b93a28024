//! Bulk requests in the forms that clients in use send, and what their answers carry of the request
//! that was handed in.

use onshi_mock::store::Target;
use serde_json::json;

use crate::store::postgres::Cluster;
use crate::support::Mock;
use crate::support::request_files::{DATE, element, message, plain, value};

const NOW: &str = "2026-11-28T10:00:00+09:00";
const CODE: &str = "9910000018";

/// A request as a client in use writes it: labelled Shift_JIS, indented, its conditions in
/// `QualificationConfirmSearchInfo`.
fn as_in_use(conditions: &[(&str, &str)]) -> String {
    let lines: String = conditions.iter().map(|(name, text)| format!("      <{name}>{text}</{name}>\n")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"Shift_JIS\" standalone=\"no\"?>\n<XmlMsg>\n  <MessageHeader>\n    \
         <MedicalInstitutionCode>{CODE}</MedicalInstitutionCode>\n    \
         <ArbitraryFileIdentifier>20261128205349420ABC</ArbitraryFileIdentifier>\n  </MessageHeader>\n  <MessageBody>\n    \
         <QualificationConfirmSearchInfo>\n{lines}    </QualificationConfirmSearchInfo>\n  </MessageBody>\n</XmlMsg>"
    )
}

/// A terminal of the fixture institution at a clock that stands, whose bulk requests are ready at
/// once.
async fn prepared(mock: &Mock) {
    mock.institution(CODE).freeze_at(NOW).await;
    mock.institution(CODE).set_terminal(json!({"linkage": {"bulk_time": "PT0S"}})).await;
}

async fn fetch(mock: &Mock, kind: &str, header: &str, number: &str) -> String {
    mock.institution(CODE).file(&format!("OQS{kind}02req_1.xml"), message(CODE, header, &element("ReceptionNumber", number))).await.text()
}

/// What lies in the header, and what in the body.
fn parts(text: &str) -> (&str, &str) {
    (value(text, "MessageHeader").unwrap(), value(text, "MessageBody").unwrap())
}

#[tokio::test]
async fn conditions_are_taken_in_the_search_info_and_flat() {
    let mock = Mock::start().await;
    prepared(&mock).await;
    let month: &[(&str, &str)] = &[("MedicalTreatmentMonth", "202611")];
    let consented = |flag| [("ConsentDateFrom", "20261001"), ("ConsentDateTo", "20261130"), ("MedicalTreatmentFlag", flag)];
    let examined = [("ExaminationDateFrom", "20261001"), ("ExaminationDateTo", "20261130"), ("MedicalTreatmentFlag", "3")];
    for (kind, conditions) in [("mutic", month), ("muhvq", &consented("2")), ("muonq", &consented("3")), ("muonq", &examined)] {
        let flat: String = conditions.iter().map(|(name, text)| element(name, text)).collect();
        let mut results = Vec::new();
        for request in [as_in_use(conditions), message(CODE, "", &flat)] {
            let taken = mock.institution(CODE).file(&format!("OQS{kind}01req_202611280001.xml"), request).await.text();
            let (header, body) = parts(&taken);
            assert_eq!(value(header, "SegmentOfResult"), Some("1"), "{kind}: {taken}");
            assert_eq!(value(body, "ReceptionDateTime"), Some("20261128100000"), "{kind}: {taken}");
            assert_eq!(value(header, "ReceptionNumber"), None, "{kind}: {taken}");
            assert!(mock.institution(CODE).last_entry().await["notes"].is_null(), "nothing of it is passed over");
            let fetched_text = fetch(&mock, kind, "", value(body, "ReceptionNumber").unwrap()).await;
            assert!(fetched_text.contains("<BulkConfirmUnit>"), "{kind}: somebody fits: {fetched_text}");
            results.push(fetched_text.split_once("<BulkConfirmUnit>").unwrap().1.to_owned());
        }
        assert_eq!(results[0], results[1], "{kind}: both forms ask the same");
    }
}

#[tokio::test]
async fn what_is_wrong_with_conditions_is_told_where_they_lie() {
    let mock = Mock::start().await;
    prepared(&mock).await;
    for (kind, conditions, said) in [
        ("mutic", vec![("MedicalTreatmentMonth", "202613")], "/XmlMsg/MessageBody/QualificationConfirmSearchInfo/MedicalTreatmentMonth"),
        ("muhvq", vec![("ConsentDateFrom", "20261101")], "/XmlMsg/MessageBody/QualificationConfirmSearchInfo: ConsentDateFrom"),
    ] {
        let text = mock.institution(CODE).file(&format!("OQS{kind}01req_1.xml"), as_in_use(&conditions)).await.text();
        assert!(value(&text, "ErrorMessage").unwrap().contains(said), "{kind}: {text}");
    }
}

#[tokio::test]
async fn by_a_setting_the_header_has_the_reception_number_too() {
    let mock = Mock::start().await;
    prepared(&mock).await;
    mock.institution(CODE).set_terminal(json!({"linkage": {"reception_number_in_header": true}})).await;
    let text = mock.institution(CODE).file("OQSmuquc01req_1.xml", message(CODE, DATE, &plain())).await.text();
    let (header, body) = parts(&text);
    assert!(value(header, "ReceptionNumber").is_some() && value(header, "ReceptionNumber") == value(body, "ReceptionNumber"), "{text}");
}

#[tokio::test]
async fn a_result_carries_the_identifier_and_date_of_the_request_that_fetches_it_else_of_the_first() {
    let mock = Mock::start().await;
    prepared(&mock).await;
    let [first, second] = ["a &amp; &#66;", "c"].map(|text| element("ArbitraryFileIdentifier", text));
    let later = DATE.replace("20260120", "20260121");
    for (handed_in, fetched, expected) in [
        (String::new(), String::new(), [None, None]),
        (first.clone() + DATE, String::new(), [Some("a &amp; &#66;"), Some("20260120")]),
        (first.clone(), later.clone(), [Some("a &amp; &#66;"), Some("20260121")]),
        (first + DATE, second.clone(), [Some("c"), Some("20260120")]),
        (String::new(), second + &later, [Some("c"), Some("20260121")]),
    ] {
        let month = element("MedicalTreatmentMonth", "202611");
        let taken = mock.institution(CODE).file("OQSmutic01req_1.xml", message(CODE, &handed_in, &month)).await.text();
        let fetched_text = fetch(&mock, "mutic", &fetched, value(&taken, "ReceptionNumber").unwrap()).await;
        let (header, _) = parts(&fetched_text);
        let carried = [value(header, "ArbitraryFileIdentifier"), value(header, "QualificationConfirmationDate")];
        assert_eq!(carried, expected, "{handed_in} then {fetched}: {fetched_text}");
    }
}

/// Hands a bulk request in at one server and fetches its result at the other.
async fn handed_over(at: &Mock, to: &Mock) {
    let header = element("ArbitraryFileIdentifier", "&#97;-1") + DATE;
    let taken = at.institution(CODE).file("OQSmuquc01req_1.xml", message(CODE, &header, &plain())).await.text();
    let fetched_text = fetch(to, "muquc", "", value(&taken, "ReceptionNumber").unwrap()).await;
    let (header, body) = parts(&fetched_text);
    assert_eq!(value(header, "ArbitraryFileIdentifier"), Some("&#97;-1"), "{fetched_text}");
    assert_eq!(value(header, "QualificationConfirmationDate"), Some("20260120"), "{fetched_text}");
    assert_eq!(value(body, "QualificationValidity"), Some("1"), "{fetched_text}");
}

#[tokio::test]
async fn identifier_and_date_hold_after_a_restart_of_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let start = || Mock::start_with(|config| config.store = Target::Sqlite(dir.path().join("state.db")));
    let mut mock = start().await;
    prepared(&mock).await;
    let header = element("ArbitraryFileIdentifier", "&#97;-1") + DATE;
    let taken = mock.institution(CODE).file("OQSmuquc01req_1.xml", message(CODE, &header, &plain())).await.text();
    mock.stop().await;
    let again = start().await;
    let fetched_text = fetch(&again, "muquc", "", value(&taken, "ReceptionNumber").unwrap()).await;
    let (header, _) = parts(&fetched_text);
    assert_eq!(value(header, "ArbitraryFileIdentifier"), Some("&#97;-1"), "{fetched_text}");
    assert_eq!(value(header, "QualificationConfirmationDate"), Some("20260120"), "{fetched_text}");
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn identifier_and_date_hold_over_replicas() {
    let cluster = Cluster::start().await;
    let url = cluster.database("bulk").await;
    let start = || Mock::start_with(|config| config.store = Target::Postgres(url.clone()));
    let (mut a, mut b) = (start().await, start().await);
    prepared(&a).await;
    handed_over(&a, &b).await;
    handed_over(&b, &a).await;
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn registrations_come_back_as_registration_units() {
    let mock = Mock::start().await;
    prepared(&mock).await;
    let card = crate::support::request_files::card("01990019", "11010203", "1001", "01");
    let info = element("ReferenceNumberRegistrationInfo", &(element("ReferenceNumber", "7") + &card));
    let taken = mock.institution(CODE).file("OQSmuimm01req_1.xml", message(CODE, "", &info)).await.text();
    let fetched_text = fetch(&mock, "muimm", "", value(&taken, "ReceptionNumber").unwrap()).await;
    let unit = value(&fetched_text, "BulkRegistrationUnit").unwrap_or_else(|| panic!("{fetched_text}"));
    assert_eq!((value(unit, "ReferenceNumber"), value(unit, "ProcessingResultStatus")), (Some("7"), Some("1")), "{fetched_text}");
}
