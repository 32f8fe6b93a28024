//! Each message as a whole, for a reviewer to read: `cargo insta review` after a change that is
//! meant.

use encoding_rs::SHIFT_JIS;
use serde_json::{Value, json};

use crate::support::request_files::{DATE, card, check, element, info_of, message, plain, text, value};
use crate::support::{Mock, frozen, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

/// One element a line, indented.
fn pretty(message: &str) -> String {
    let mut lines = Vec::new();
    let mut depth = 0_usize;
    for part in message.replace("><", ">\n<").lines() {
        if part.starts_with("</") {
            depth -= 1;
        }
        lines.push(format!("{}{part}", "  ".repeat(depth)));
        let opens = part.starts_with('<') && !part.starts_with("</") && !part.starts_with("<?");
        if opens && !part.contains("</") {
            depth += 1;
        }
    }
    lines.join("\n")
}

/// The same request to a terminal that answers in UTF-8 and to one that answers in Shift_JIS: one
/// snapshot, after the declaration.
async fn golden(mock: &Mock, name: &str, template: &str, settings: Value, file: &str, request: impl Fn(&str) -> String) {
    let code = if template == template::PENDING { "9910000505" } else { "9910000513" };
    let mut texts = Vec::new();
    for encoding in ["utf-8", "shift_jis"] {
        let mut terminal = json!({"encoding": encoding});
        terminal.as_object_mut().unwrap().extend(settings["terminal"].as_object().cloned().unwrap_or_default());
        let mut institution = json!({"template": template, "code": code, "clock": frozen(NOW), "terminals": {"T1": terminal}});
        institution.as_object_mut().unwrap().extend(settings["institution"].as_object().cloned().unwrap_or_default());
        let clinic = mock.clinic_with(institution).await;
        let result = clinic.file(file, request(code)).await;
        let mut answer = result.text();
        if encoding == "shift_jis" {
            assert_eq!(SHIFT_JIS.encode(&answer).0, result.bytes.as_slice(), "{name}: the bytes are CP932's own");
        }
        if let Some(number) = value(&answer, "ReceptionNumber").filter(|_| file.contains("01req")).map(str::to_owned) {
            let body = element("ReceptionNumber", &number);
            let fetched = clinic.file(&file.replace("01req", "02req"), message(code, "", &body)).await.text();
            answer = format!("{answer}\n{fetched}");
        }
        clinic.remove().await;
        texts.push(answer);
    }
    let [utf8, sjis] = [&texts[0], &texts[1]];
    assert!(sjis.contains("encoding=\"Shift_JIS\""), "{sjis}");
    let same = sjis.replace("Shift_JIS", "UTF-8").replace("<CharacterCodeIdentifier>1<", "<CharacterCodeIdentifier>0<");
    assert_eq!(&same.replace('〓', "_"), &utf8.replace('𠮷', "_"), "{name}: the same in both character sets, but for what Shift_JIS lacks");
    insta::assert_snapshot!(name, pretty(utf8));
}

/// The request about the person of a sample.
fn about(name: &'static str, consent: &'static str) -> impl Fn(&str) -> String {
    move |code| message(code, &(DATE.to_owned() + &element("ArbitraryFileIdentifier", "file-1")), &info_of(name, consent))
}

#[tokio::test]
async fn single_checks() {
    let mock = Mock::start().await;
    let names = [
        ("valid", "0"),
        ("elderly", "0"),
        ("card-expires", "0"),
        ("newer", "0"),
        ("processing", "0"),
        ("refused", "0"),
        ("not-in-shift-jis", "0"),
    ];
    for (person, consent) in names {
        golden(&mock, &format!("check_{person}"), template::UP_TO_DATE, json!({}), "OQSsiquc01req_1.xml", about(person, consent)).await;
    }
    for person in PERSONS_WITH_MORE {
        golden(&mock, &format!("check_{person}"), template::UP_TO_DATE, json!({}), "OQSsiquc01req_1.xml", about(person, "1")).await;
    }
}

#[tokio::test]
async fn every_validity() {
    let mock = Mock::start().await;
    for person in ["expired", "twin-a", "medical-aid-unregistered"] {
        golden(&mock, &format!("check_{person}"), template::UP_TO_DATE, json!({}), "OQSsiquc01req_1.xml", about(person, "0")).await;
    }
    let nobody = |code: &str| message(code, DATE, &info_of("valid", "0").replace("1001<", "9999<"));
    golden(&mock, "check_nobody", template::UP_TO_DATE, json!({}), "OQSsiquc01req_1.xml", nobody).await;
}

/// Limit certificate, specific disease, medical tickets, consents, several qualifications, other
/// name.
const PERSONS_WITH_MORE: [&str; 6] =
    ["limit-01", "disease-1", "medical-aid-tickets", "consents-given", "several-qualifications", "other-name"];

#[tokio::test]
async fn refusals_in_each_profile() {
    let mock = Mock::start().await;
    for profile in ["envelope", "bare", "http"] {
        let settings = json!({"institution": {"error_profile": profile}});
        golden(&mock, &format!("refused_{profile}"), template::PENDING, settings, "OQSsiquc01req_1.xml", |code| check(code, "file-1"))
            .await;
    }
    let body = json!({"institution": {"errors": {"restart_required": {"layer": "body"}}}});
    golden(&mock, "refused_in_the_body", "9910000026", body, "OQSsiquc01req_1.xml", |code| check(code, "file-1")).await;
}

#[tokio::test]
async fn bulk_requests() {
    let mock = Mock::start().await;
    let at_once = || json!({"terminal": {"linkage": {"bulk_time": "PT0S"}}});
    let two = |code: &str| message(code, DATE, &(plain() + &info_of("expired", "0")));
    golden(&mock, "bulk_check", "9910000018", at_once(), "OQSmuquc01req_1.xml", two).await;
    golden(&mock, "bulk_check_processing", template::UP_TO_DATE, json!({}), "OQSmuquc01req_1.xml", two).await;
    let month = |code: &str| message(code, "", &element("MedicalTreatmentMonth", "202601"));
    golden(&mock, "bulk_medical_aid", "9910000018", at_once(), "OQSmutic01req_1.xml", month).await;
    let days = |code: &str| message(code, "", &(element("ConsentDateFrom", "20260101") + &element("ConsentDateTo", "20260120")));
    golden(&mock, "bulk_home_visits", "9910000018", at_once(), "OQSmuhvq01req_1.xml", days).await;
    golden(&mock, "bulk_online", "9910000018", at_once(), "OQSmuonq01req_1.xml", days).await;
    let registrations = |code: &str| {
        let one = |number: &str, card: String| element("ReferenceNumberRegistrationInfo", &(element("ReferenceNumber", number) + &card));
        let both = one("患者-1", card("01990019", "11010203", "1001", "01")) + &one("患者-2", card("01990019", "", "9", ""));
        message(code, "", &both)
    };
    golden(&mock, "bulk_registration", "9910000018", at_once(), "OQSmuimm01req_1.xml", registrations).await;
}

#[tokio::test]
async fn a_registration() {
    let mock = Mock::start().await;
    let one = |code: &str| {
        let info = element("ReferenceNumber", "患者-1") + &card("01990019", "11010203", "1001", "01");
        message(code, &element("ArbitraryFileIdentifier", "file-1"), &element("ReferenceNumberRegistrationInfo", &info))
    };
    golden(&mock, "registration", template::UP_TO_DATE, json!({}), "OQSsiimm01req_1.xml", one).await;
}

#[tokio::test]
async fn drug_information_and_checkups() {
    let mock = Mock::start().await;
    let about = |code: &str, body: &str| {
        let info = info_of("consents-given", "0");
        let own = |name: &str| value(&info, name).unwrap_or_default().to_owned();
        let header = element("InsurerNumber", &own("InsurerNumber"))
            + &element("InsuranceCardSymbol", &own("InsuredCardSymbol"))
            + &element("InsuredPersonIdentificationNumber", &own("InsuredIdentificationNumber"))
            + &element("BranchNumber", &own("InsuredBranchNumber"))
            + &element("ArbitraryFileIdentifier", "file-1");
        message(code, &header, body)
    };
    let month = |category: &str| element("StartDate", "202601") + &element("EndDate", "202601") + &element("FileCategory", category);
    for (name, category) in [("drugs", "2"), ("drugs_and_treatment", "4")] {
        golden(&mock, name, template::UP_TO_DATE, json!({}), "YZKsiquc01req_1.xml", |code| about(code, &month(category))).await;
    }
    let checkups = |code: &str| about(code, &element("FileCategory", "2"));
    golden(&mock, "checkups", template::UP_TO_DATE, json!({}), "TKKsiquc01req_1.xml", checkups).await;
    golden(&mock, "drugs_refused", "9910000026", json!({}), "YZKsiquc01req_1.xml", |code| about(code, &month("1"))).await;
}

#[tokio::test]
async fn a_face_result_and_an_err_file() {
    let mock = Mock::start().await;
    let clock = frozen(NOW);
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "code": "9910000521", "clock": clock})).await;
    let seen = clinic.present(json!({"person": "consents-given"})).await;
    insta::assert_snapshot!("face", pretty(seen["file"]["text"].as_str().unwrap()));
    let err = clinic.file("OQSsiquc01req_1.xml", "<XmlMsg>\n<a></XmlMsg>").await;
    let utf8 = text(&err.bytes);
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let err = clinic.file("OQSsiquc01req_1.xml", "<XmlMsg>\n<a></XmlMsg>").await;
    assert_eq!(SHIFT_JIS.decode(&err.bytes), (utf8.as_str().into(), SHIFT_JIS, false), "the same in Shift_JIS");
    insta::assert_snapshot!("err", utf8.replace('\r', ""));
}
